#include "base/process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

using namespace std::chrono_literals;

using RunInScratch = Scratch;

base::ProcessResult shell(const std::string& script) {
  return base::run("/bin/sh", {"-c", script});
}

TEST(Run, KeepsStatusAndStreamsApart) {
  const auto result = shell("echo out; echo err >&2; exit 7");
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(Run, PassesArgumentsWithoutAShell) {
  EXPECT_EQ(base::run("/bin/echo", {"$HOME", "; rm", "a b"}).out, "$HOME ; rm a b\n");
}

TEST(Run, GivesACleanEnvironmentAndNoInput) {
  ::setenv("OVERLAND_TEST_LEAK", "1", 1);
  EXPECT_EQ(shell("echo \"$OVERLAND_TEST_LEAK$LC_ALL\"; cat").out, "C\n");
}

TEST(Run, TellsTheSignalThatEndedIt) { EXPECT_EQ(shell("kill -TERM $$").status, 128 + SIGTERM); }

TEST(Run, SaysWhatIsNotInstalled) {
  try {
    base::run("/usr/bin/no-such-program", {});
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("/usr/bin/no-such-program"), std::string::npos);
  }
}

bool is_running(const std::string& pid) {
  const auto status = base::read_file("/proc/" + pid + "/stat", 4096);
  return status && status->find(") Z ") == std::string::npos;
}

TEST_F(RunInScratch, KillsWhatDoesNotEndAndWhatItStarted) {
  const auto before = std::chrono::steady_clock::now();
  try {
    base::run("/bin/sh", {"-c", "sleep 60 & echo $! > " + at("pid").string() + "; wait"}, 200ms);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ETIMEDOUT);
  }
  std::string pid = text_of("pid");
  ASSERT_TRUE(pid.ends_with('\n'));
  pid.pop_back();
  while (is_running(pid) && std::chrono::steady_clock::now() - before < 10s) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_FALSE(is_running(pid));
}

TEST(Run, KillsWhatClosedItsStreamsAndWentOn) {
  EXPECT_THROW(base::run("/bin/sh", {"-c", "exec >&- 2>&-; sleep 60"}, 200ms), base::Error);
}

TEST(Run, ThrowsAwayOutputPastOneMebibyte) {
  const auto result = shell("head -c 3000000 /dev/zero; echo end >&2");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out.size(), 1U << 20U);
  EXPECT_EQ(result.err, "end\n");
}

}  // namespace
}  // namespace overland::tests
