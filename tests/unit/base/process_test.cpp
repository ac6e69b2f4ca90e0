#include "base/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST(Run, GivesTheInputThatIsNamed) {
  EXPECT_EQ(base::run("/bin/cat", {}, 5s, "/proc/self/comm").out, "cat\n");
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

TEST_F(RunInScratch, ForgetsAtTheLimitWhoKeptThePipe) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THROW(base::run("/bin/sh", {"-c", "setsid sleep 5 & exit 0"}, 200ms), base::Error);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
}

TEST(Run, PassesOnNoDescriptor) {
  const int open = ::dup(0);  // without O_CLOEXEC
  ASSERT_GT(open, 2);
  // No program is run for it: a shell has pipes of its own for that.
  const std::string present =
      "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done";
  EXPECT_EQ(shell(present + "; true").out, "0\n1\n2\n") << open;
  ::close(open);
}

TEST(Run, PassesOnNoSignalThatIsIgnoredOrBlocked) {
  ::signal(SIGHUP, SIG_IGN);
  sigset_t blocked = {};
  sigset_t before = {};
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const auto result = shell("kill -HUP $$; echo ignored");
  const auto other = shell("kill -TERM $$; echo blocked");
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGHUP, SIG_DFL);
  EXPECT_EQ(result.status, 128 + SIGHUP);
  EXPECT_EQ(other.status, 128 + SIGTERM);
}

TEST_F(RunInScratch, RefusesAProgramThatOthersCouldReplace) {
  std::filesystem::create_directories(at("bin"));
  write("bin/tool", "#!/bin/sh\necho ran > " + at("marker").string() + "\n");
  ASSERT_EQ(::chmod(at("bin/tool").c_str(), 0755), 0);
  base::run(at("bin/tool"), {});
  EXPECT_EQ(text_of("marker"), "ran\n");
  std::filesystem::remove(at("marker"));
  const auto refused = [&] {
    try {
      base::run(at("bin/tool"), {});
    } catch (const base::Error& error) {
      return error.kind() == base::ErrorKind::kInvalid && !std::filesystem::exists(at("marker"));
    }
    return false;
  };
  ASSERT_EQ(::chmod(at("bin").c_str(), 0777), 0);
  EXPECT_TRUE(refused());
  ASSERT_EQ(::chmod(at("bin").c_str(), 01777), 0);
  EXPECT_TRUE(refused());
  ASSERT_EQ(::chmod(at("bin").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(at("bin/tool").c_str(), 0775), 0);
  EXPECT_TRUE(refused());
}

TEST(Run, DoesNotStartWhatHasNoTime) { EXPECT_THROW(base::run("/bin/true", {}, 0ms), base::Error); }

TEST(Run, ThrowsAwayOutputPastOneMebibyte) {
  const auto result = shell("head -c 3000000 /dev/zero; echo end >&2");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out.size(), 1U << 20U);
  EXPECT_EQ(result.err, "end\n");
}

}  // namespace
}  // namespace overland::tests
