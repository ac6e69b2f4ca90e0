#include "trial/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace overland::trial {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDying(30);  // what a killed process may still spend in the kernel

/// Nothing of the starter's session is left but its streams: no terminal, no group, no folder.
void detach() {
  ::setsid();
  for (const int ignored : {SIGHUP, SIGINT, SIGPIPE}) ::signal(ignored, SIG_IGN);
  // What a killed maker leaves behind becomes ours, and can be ended.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (::chdir("/") != 0) return;  // only keeps a file system from being unmounted
}

void leave_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; null >= 0 && stream <= 2; ++stream) ::dup2(null, stream);
}

/// What the maker ran: programs, each in a group of its own.
void end_children() {
  constexpr std::size_t kLimit = 65536;
  std::string pids;
  try {
    pids = base::read_file("/proc/thread-self/children", kLimit).value_or("");  // proc(5)
  } catch (const base::Error&) {
    return;  // they only look, and end by themselves
  }
  std::istringstream children(pids);
  for (pid_t child = 0; children >> child;) {
    ::kill(-child, SIGKILL);
    ::kill(child, SIGKILL);
  }
}

base::UniqueFd catch_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  return base::UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

class Watch {
 public:
  Watch(Listener& listener, std::chrono::seconds timeout, const Work& work, int wishes, int news)
      : listener_(listener),
        timeout_(timeout),
        work_(work),
        wishes_(wishes),
        news_(news),
        signals_(catch_signals()),
        deadline_(Clock::now() + timeout) {}

  void wait() {
    while (!end_) {
      // A descriptor of -1 is passed over by poll(2).
      std::vector<pollfd> events = {{wishes_, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
      for (const int fd : listener_.fds()) events.push_back({fd, POLLIN, 0});
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
      if (left.count() <= 0) {
        end_ = made_ ? End::kExpired : End::kTooSlow;
        return;
      }
      if (::poll(events.data(), events.size(), static_cast<int>(left.count())) <= 0) continue;
      if (events[1].revents != 0) hear_signals();
      if (events[0].revents != 0) hear_wish();
      for (std::size_t i = 2; i < events.size() && !end_; ++i) {
        if (events[i].revents == 0) continue;
        if (auto call = Listener::take(events[i].fd)) serve(std::move(*call));
      }
    }
  }

  void finish() {
    if (end_ != End::kConfirmed) {
      if (!stop_maker()) text_ = "whoever made the change could not be stopped\n";
      end_children();
      text_ += work_.undo(*end_);
    }
    listener_.remove();
    say_verdict();
    for (const int fd : listener_.fds()) {  // who came too late learns it
      while (auto call = Listener::take(fd)) late_.push_back(std::move(*call));
    }
    for (const auto& call : late_) call.reply(last_word(call.word));
  }

 private:
  void hear_wish() {
    char wish = 0;
    const ssize_t got = ::read(wishes_, &wish, 1);
    if (got < 0 && errno == EINTR) return;
    if (got != 1) {
      wishes_ = -1;
      if (!made_) end_ = End::kOrphaned;
    } else if (wish == kBeginWish) {
      start_maker();
    } else if (wish == kUndoWish) {
      end_ = End::kAsked;
    } else if (wish == kKeepWish && made_) {
      keep(false);
    }
  }

  void hear_signals() {
    signalfd_siginfo signal = {};
    while (::read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
      if (signal.ssi_signo == SIGTERM && !end_) end_ = End::kAsked;
    }
    int status = 0;
    for (pid_t gone = 0; (gone = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (gone != maker_) continue;
      maker_ = 0;
      if (!WIFEXITED(status) || WEXITSTATUS(status) == kNotWhole) {
        if (!end_) end_ = End::kNotWhole;
        continue;
      }
      made_ = WEXITSTATUS(status);
      deadline_ = Clock::now() + timeout_;
      tell(news_, {&kMadeNews, 1});
    }
  }

  void start_maker() {
    deadline_ = Clock::now() + timeout_;
    const pid_t self = ::getpid();
    maker_ = ::fork();
    if (maker_ == 0) {
      // Without the watchdog nothing may be made any more. The news stay open in the maker: their
      // end tells the starter that it is dead too.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != self) ::_exit(kNotWhole);
      sigset_t none;
      ::sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      ::_exit(work_.make());
    }
    if (maker_ < 0) end_ = End::kNotWhole;
    leave_streams();
  }

  /// Whether it is gone.
  bool stop_maker() {
    const auto deadline = Clock::now() + kDying;
    if (maker_ > 0) ::kill(maker_, SIGKILL);
    while (maker_ > 0 && ::waitpid(maker_, nullptr, WNOHANG) != maker_) {
      if (Clock::now() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    maker_ = 0;
    return true;
  }

  /// Why it cannot be kept that way; empty where it is.
  std::string keep(bool install) {
    try {
      text_ = work_.keep(*made_, install);
    } catch (const base::Error& error) {
      return error.what();
    }
    end_ = End::kConfirmed;
    // Before any caller hears it: if we die now, the starter must not roll back.
    say_verdict();
    return {};
  }

  void serve(Call call) {
    if (call.word == kStatus) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(deadline_ - Clock::now());
      return call.reply(std::to_string(left.count()));
    }
    if (call.word == kUndo || call.word == kGoBack) {
      end_ = End::kAsked;
      if (call.word == kUndo) return call.reply(std::string(kUndoing));
      late_.push_back(std::move(call));
      return;
    }
    const bool install = call.word == kInstall;
    if (call.word != kConfirm && call.word != kKeep && !install) {
      return call.reply(std::string(kUnknown));
    }
    if (!made_) return call.reply(std::string(kNotYet));
    const std::string why = keep(install);
    call.reply(why.empty() ? last_word(call.word) : answer(kRefused, why));
  }

  [[nodiscard]] std::string last_word(const std::string& asked) const {
    if (end_ == End::kConfirmed) {
      return asked == kKeep || asked == kInstall ? answer(kKept, text_) : std::string(kKept);
    }
    return asked == kGoBack ? answer(kUndone, text_) : std::string(kUndoing);
  }

  void say_verdict() {
    if (said_) return;
    said_ = true;
    std::string text = {kVerdictNews, static_cast<char>('0' + static_cast<int>(*end_))};
    text += text_;
    text += '\0';
    tell(news_, text);
  }

  Listener& listener_;
  std::chrono::seconds timeout_;
  const Work& work_;
  int wishes_;
  int news_;
  base::UniqueFd signals_;
  Clock::time_point deadline_;
  pid_t maker_ = 0;
  std::optional<int> made_;
  std::optional<End> end_;
  std::string text_;        // of the verdict
  bool said_ = false;       // the verdict
  std::vector<Call> late_;  // who learns the verdict at its end
};

}  // namespace

bool tell(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void watch(Listener& listener, std::chrono::seconds timeout, const Work& work, int wishes,
           int news) {
  detach();
  Watch one(listener, timeout, work, wishes, news);
  tell(news, {&kReadyNews, 1});  // nothing of the starter's end can end us any more
  one.wait();
  one.finish();
  ::_exit(0);
}

}  // namespace overland::trial
