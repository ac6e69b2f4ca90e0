#include "trial/watchdog.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "base/error.h"
#include "trial/control.h"
#include "unit/base/scratch.h"

namespace overland::trial {
namespace {

using namespace std::chrono_literals;

/// A watchdog whose undoing leaves a file that says why.
class WatchdogTest : public tests::Scratch {
 protected:
  [[nodiscard]] std::filesystem::path socket() const { return at("try.sock"); }
  [[nodiscard]] Watchdog::Undo mark() const {
    return [this](End end) {
      write("undone", describe(end));
      return fault_;
    };
  }
  [[nodiscard]] std::string undone() const { return text_of("undone"); }
  void await_undone() const {
    for (int i = 0; i < 500 && undone().empty(); ++i) std::this_thread::sleep_for(10ms);
  }

  std::string fault_;
};

TEST_F(WatchdogTest, UndoesWhenNobodyConfirms) {
  const Watchdog watchdog(socket(), 1s, mark());
  watchdog.applied();
  const auto verdict = watchdog.verdict();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->end, End::kExpired);
  EXPECT_EQ(undone(), describe(End::kExpired));
  EXPECT_EQ(ask(socket(), kConfirm), std::nullopt) << "the socket is gone";
}

TEST_F(WatchdogTest, KeepsWhatIsConfirmed) {
  const Watchdog watchdog(socket(), 60s, mark());
  watchdog.applied();
  std::string answer = ask(socket(), kConfirm).value();
  while (answer == kNotYet) answer = ask(socket(), kConfirm).value();
  EXPECT_EQ(answer, kKept);
  EXPECT_EQ(watchdog.verdict()->end, End::kConfirmed);
  EXPECT_EQ(undone(), "");
}

TEST_F(WatchdogTest, IsNotConfirmedBeforeTheChangeIsMade) {
  const Watchdog watchdog(socket(), 60s, mark());
  EXPECT_EQ(ask(socket(), kConfirm), kNotYet);
  EXPECT_EQ(ask(socket(), "hello"), "unknown word");
  EXPECT_EQ(ask(socket(), kUndo), kUndoing);
  EXPECT_EQ(watchdog.verdict()->end, End::kAsked);
  EXPECT_EQ(undone(), describe(End::kAsked));
}

TEST_F(WatchdogTest, TellsWhatCouldNotBePutBack) {
  fault_ = "route 192.168.200.0/24: refused\nsecond line";
  const Watchdog watchdog(socket(), 60s, mark());
  ask(socket(), kUndo);
  EXPECT_EQ(watchdog.verdict()->faults, fault_);
}

TEST_F(WatchdogTest, UndoesAtOnceWhenItsMakerDiesInTheMiddle) {
  { const Watchdog watchdog(socket(), 60s, mark()); }
  await_undone();
  EXPECT_EQ(undone(), describe(End::kOrphaned));
}

TEST_F(WatchdogTest, OutlivesItsMakerAndItsTerminal) {
  const pid_t maker = ::fork();
  if (maker == 0) {
    ::setsid();
    const Watchdog watchdog(socket(), 1s, mark());
    watchdog.applied();
    ::kill(watchdog.pid(), SIGHUP);
    ::kill(watchdog.pid(), SIGINT);
    ::kill(0, SIGKILL);  // the whole process group
  }
  int status = 0;
  ASSERT_EQ(::waitpid(maker, &status, 0), maker);
  EXPECT_TRUE(WIFSIGNALED(status));
  await_undone();
  EXPECT_EQ(undone(), describe(End::kExpired));
}

TEST_F(WatchdogTest, UndoesWhenTheMachineShutsDown) {
  const Watchdog watchdog(socket(), 60s, mark());
  watchdog.applied();
  ASSERT_TRUE(ask(socket(), kStatus));  // it is awake, with its signals set
  ::kill(watchdog.pid(), SIGTERM);
  EXPECT_EQ(watchdog.verdict()->end, End::kAsked);
}

TEST_F(WatchdogTest, KilledItGivesNoVerdict) {
  const Watchdog watchdog(socket(), 60s, mark());
  ::kill(watchdog.pid(), SIGKILL);
  EXPECT_FALSE(watchdog.verdict().has_value());
  EXPECT_EQ(ask(socket(), kConfirm), std::nullopt) << "a dead trial's socket is no trial";
  const Watchdog next(socket(), 60s, mark());
  EXPECT_TRUE(ask(socket(), kStatus));
}

TEST_F(WatchdogTest, SocketIsForItsOwnerOnly) {
  const Watchdog watchdog(socket(), 60s, mark());
  struct stat status = {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(WatchdogTest, NeedsAFolderForItsSocket) {
  write("file", "x");
  EXPECT_THROW(Watchdog(at("file") / "try.sock", 60s, mark()), base::Error);
  EXPECT_THROW(Watchdog(at(std::string(120, 'x')), 60s, mark()), base::Error);
}

}  // namespace
}  // namespace overland::trial
