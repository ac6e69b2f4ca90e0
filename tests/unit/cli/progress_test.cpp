#include "cli/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

#include "base/unique_fd.h"
#include "cli/log.h"

namespace overland::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What `action` writes to standard error, which is a terminal meanwhile.
std::string on_terminal(const std::function<void()>& action) {
  int master = -1;
  int slave = -1;
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const base::UniqueFd reader(master);
  base::UniqueFd writer(slave);
  const base::UniqueFd before(::dup(STDERR_FILENO));
  ::dup2(slave, STDERR_FILENO);
  ::setenv("TERM", "xterm", 1);
  action();
  std::string text;
  std::array<char, 4096> chunk;
  ::fcntl(master, F_SETFL, O_NONBLOCK);
  for (ssize_t got = 0; (got = ::read(master, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  ::dup2(before.get(), STDERR_FILENO);
  return text;
}

constexpr std::chrono::milliseconds kLong(1300);

TEST(Progress, TellsTheInnermostThatTakesLongAndTakesTheLineAway) {
  const std::string text = on_terminal([] {
    const Progress outer("making the changes");
    const Progress inner("restarting Docker");
    std::this_thread::sleep_for(kLong);
  });
  EXPECT_THAT(text, HasSubstr("overland: restarting Docker ... 1 s"));
  EXPECT_THAT(text, Not(HasSubstr("making the changes")));
  EXPECT_TRUE(text.ends_with("\r\033[K")) << text;
}

TEST(Progress, MakesWayForTheLog) {
  const std::string text = on_terminal([] {
    set_up_log();
    const Progress told("looking at this host");
    std::this_thread::sleep_for(kLong);
    log_lines(spdlog::level::warn, "something");
  });
  EXPECT_THAT(text, HasSubstr("1 s\r\033[Koverland: warning: something"));
}

TEST(Progress, SaysNothingOfWhatIsQuick) {
  EXPECT_EQ(on_terminal([] { const Progress told("looking"); }), "");
}

TEST(Progress, SaysNothingWhereThereIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  {
    const Progress told("looking");
    std::this_thread::sleep_for(kLong);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace overland::cli
