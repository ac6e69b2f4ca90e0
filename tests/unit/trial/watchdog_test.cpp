#include "trial/watchdog.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "base/error.h"
#include "base/pipe.h"
#include "trial/control.h"
#include "unit/base/scratch.h"

namespace overland::trial {
namespace {

using namespace std::chrono_literals;

/// A watchdog whose making and undoing leave files.
class WatchdogTest : public tests::Scratch {
 protected:
  [[nodiscard]] Places places() const { return {at("first.sock"), at("second.sock")}; }
  [[nodiscard]] Work work() const {
    return {[this] {
              write("begun", "yes");
              if (slow_) std::this_thread::sleep_for(60s);
              write("made", "yes");
              return made_;
            },
            [this](End end) {
              // Whatever is made from now on would stay.
              write("undone", describe(end) + (text_of("made").empty() ? "" : ", made"));
              return fault_;
            },
            [this](int made, bool install) {
              if (install && !installs_) throw base::Error(base::ErrorKind::kFailure, "no room");
              return "kept " + std::to_string(made) + (install ? " installed" : "");
            }};
  }
  [[nodiscard]] std::string undone() const { return text_of("undone"); }
  void await(const std::string& file) const {
    for (int i = 0; i < 1000 && text_of(file).empty(); ++i) std::this_thread::sleep_for(10ms);
  }
  [[nodiscard]] std::string say(std::string_view word) const {
    const auto given = ask(places(), word);
    return given ? answer(given->word, given->sentences) : "nobody";
  }
  static void until_made(Watchdog& watchdog) {
    watchdog.begin();
    while (watchdog.hear() == Watchdog::News::kNone) continue;
  }
  static std::optional<Verdict> last(Watchdog& watchdog) {
    while (watchdog.hear() != Watchdog::News::kOver) continue;
    return watchdog.verdict();
  }

  bool slow_ = false;
  bool installs_ = true;
  int made_ = 0;
  std::string fault_;
};

TEST_F(WatchdogTest, UndoesWhenNobodyConfirms) {
  Watchdog watchdog(places(), 1s, work());
  until_made(watchdog);
  EXPECT_EQ(last(watchdog)->end, End::kExpired);
  EXPECT_EQ(undone(), describe(End::kExpired) + ", made");
  EXPECT_EQ(say(kConfirm), "nobody") << "the sockets are gone";
}

TEST_F(WatchdogTest, StopsWhoeverIsTooSlowBeforeItUndoes) {
  slow_ = true;
  Watchdog watchdog(places(), 1s, work());
  watchdog.begin();
  EXPECT_EQ(last(watchdog)->end, End::kTooSlow);
  EXPECT_EQ(undone(), describe(End::kTooSlow));
  EXPECT_EQ(text_of("made"), "");
}

TEST_F(WatchdogTest, KeepsWhatIsConfirmed) {
  made_ = 7;
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  EXPECT_EQ(say(kConfirm), kKept) << "all that an older program understands";
  EXPECT_EQ(last(watchdog)->text, "kept 7");
  EXPECT_EQ(undone(), "");
}

TEST_F(WatchdogTest, SaysWhatIsTrueOfAKeptChange) {
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  EXPECT_EQ(say(kKeep), "kept\nkept 0");
}

TEST_F(WatchdogTest, KeepsForItsStarter) {
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  watchdog.keep();
  EXPECT_EQ(last(watchdog)->end, End::kConfirmed);
}

TEST_F(WatchdogTest, InstallsOrGoesOn) {
  installs_ = false;
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  EXPECT_EQ(say(kInstall), "refused\nno room");
  EXPECT_EQ(say(kKeep), "kept\nkept 0");
}

TEST_F(WatchdogTest, IsNotConfirmedBeforeTheChangeIsMade) {
  slow_ = true;
  Watchdog watchdog(places(), 60s, work());
  watchdog.begin();
  await("begun");
  watchdog.keep();
  EXPECT_EQ(say(kConfirm), kNotYet);
  EXPECT_EQ(say("hello"), kUnknown);
  EXPECT_EQ(say(kUndo), kUndoing);
  EXPECT_EQ(last(watchdog)->end, End::kAsked);
  EXPECT_EQ(undone(), describe(End::kAsked));
}

TEST_F(WatchdogTest, TellsWhatCouldNotBePutBack) {
  fault_ = "route 192.168.200.0/24: refused\nsecond line";
  Watchdog watchdog(places(), 60s, work());
  EXPECT_EQ(say(kGoBack), "undone\n" + fault_);
  EXPECT_EQ(last(watchdog)->text, fault_);
}

TEST_F(WatchdogTest, UndoesWhatCouldNotBeMadeWhole) {
  made_ = kNotWhole;
  Watchdog watchdog(places(), 60s, work());
  watchdog.begin();
  EXPECT_EQ(last(watchdog)->end, End::kNotWhole);
  EXPECT_EQ(undone(), describe(End::kNotWhole) + ", made");
}

TEST_F(WatchdogTest, UndoesAtOnceWhenItsStarterDiesInTheMiddle) {
  slow_ = true;
  {
    const Watchdog watchdog(places(), 60s, work());
    watchdog.begin();
    await("begun");
  }
  await("undone");
  EXPECT_EQ(undone(), describe(End::kOrphaned));
}

TEST_F(WatchdogTest, OutlivesItsStarterAndItsTerminal) {
  const pid_t starter = ::fork();
  if (starter == 0) {
    ::setsid();
    Watchdog watchdog(places(), 1s, work());
    until_made(watchdog);
    ::kill(watchdog.pid(), SIGHUP);
    ::kill(watchdog.pid(), SIGINT);
    ::kill(0, SIGKILL);  // the whole process group
  }
  int status = 0;
  ASSERT_EQ(::waitpid(starter, &status, 0), starter);
  EXPECT_TRUE(WIFSIGNALED(status));
  await("undone");
  EXPECT_EQ(undone(), describe(End::kExpired) + ", made");
}

TEST_F(WatchdogTest, UndoesWhenTheMachineShutsDown) {
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  ::kill(watchdog.pid(), SIGTERM);
  EXPECT_EQ(last(watchdog)->end, End::kAsked);
}

TEST_F(WatchdogTest, KilledItGivesNoVerdictAndTheMakerDiesWithIt) {
  slow_ = true;
  Watchdog watchdog(places(), 60s, work());
  watchdog.begin();
  await("begun");
  ::kill(watchdog.pid(), SIGKILL);
  EXPECT_FALSE(last(watchdog).has_value());
  EXPECT_EQ(text_of("made"), "");
  EXPECT_EQ(say(kConfirm), "nobody") << "a dead trial's socket is no trial";
  EXPECT_TRUE(left_behind(places()));
  clear(places());
  EXPECT_FALSE(left_behind(places()));
  slow_ = false;
  const Watchdog next(places(), 60s, work());
  EXPECT_NE(say(kStatus), "nobody");
}

TEST_F(WatchdogTest, IsFoundWhereverASocketIsLeft) {
  Watchdog watchdog(places(), 60s, work());
  until_made(watchdog);
  std::filesystem::remove(at("first.sock"));
  EXPECT_EQ(say(kConfirm), kKept);
}

TEST_F(WatchdogTest, SocketsAreForTheirOwnerOnly) {
  const Watchdog watchdog(places(), 60s, work());
  for (const auto& place : places()) {
    struct stat status = {};
    ASSERT_EQ(::stat(place.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
}

TEST_F(WatchdogTest, NobodyElseIsBelieved) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto folder = at("shared");
  std::filesystem::create_directory(folder);
  ::chmod(at("").c_str(), 0755);
  ::chmod(folder.c_str(), 0777);
  const Places theirs = {folder / "try.sock"};
  base::Pipe ready = base::make_pipe();
  const pid_t other = ::fork();
  if (other == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(1);
    const Listener listener(theirs);
    if (::write(ready.writer.get(), "x", 1) != 1) ::_exit(1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.reader.get(), &byte, 1), 1);
  EXPECT_FALSE(ask(theirs, kStatus).has_value());
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_F(WatchdogTest, NeedsOneFolderForItsSocket) {
  write("file", "x");
  const auto nowhere = at("file") / "try.sock";
  const auto too_long = at(std::string(120, 'x'));
  EXPECT_THROW(Watchdog({nowhere, too_long}, 60s, work()), base::Error);
  const Watchdog watchdog({nowhere, at("try.sock")}, 60s, work());
  EXPECT_TRUE(ask({nowhere, at("try.sock")}, kStatus).has_value());
}

TEST_F(WatchdogTest, ATrialThatWaitsIsNotLeftBehind) {
  EXPECT_FALSE(left_behind(places()));
  Watchdog watchdog(places(), 60s, work());
  EXPECT_FALSE(left_behind(places()));
  clear(places());
  until_made(watchdog);
  EXPECT_EQ(say(kConfirm), "kept");
}

}  // namespace
}  // namespace overland::trial
