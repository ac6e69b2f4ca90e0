#include "trial/watchdog.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/pipe.h"
#include "trial/control.h"

namespace overland::trial {
namespace {

using Clock = std::chrono::steady_clock;

/// The watchdog's side, from fork to exit.
class Watch {
 public:
  Watch(Listener& listener, std::chrono::seconds timeout, int life)
      : listener_(listener), timeout_(timeout), life_(life) {
    sigset_t terminate;
    ::sigemptyset(&terminate);
    ::sigaddset(&terminate, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &terminate, nullptr);
    terminate_ = base::UniqueFd(::signalfd(-1, &terminate, SFD_CLOEXEC));
  }

  End wait() {
    deadline_ = Clock::now() + timeout_;
    std::optional<End> end;
    while (!end) {
      // A descriptor of -1 is passed over by poll(2).
      std::array<pollfd, 3> events = {pollfd{listener_.fd(), POLLIN, 0}, pollfd{life_, POLLIN, 0},
                                      pollfd{terminate_.get(), POLLIN, 0}};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
      if (left.count() <= 0) return End::kExpired;
      if (::poll(events.data(), events.size(), static_cast<int>(left.count())) < 0) continue;
      if (events[2].revents != 0) return End::kAsked;
      if (events[1].revents != 0 && !hear_life()) return End::kOrphaned;
      if (events[0].revents != 0) {
        listener_.serve([&](const std::string& word) { return answer(word, end); });
      }
    }
    return *end;
  }

 private:
  /// False where whoever makes the change is gone before it was done.
  bool hear_life() {
    char word = 0;
    const ssize_t got = ::read(life_, &word, 1);
    if (got < 0 && errno == EINTR) return true;
    if (got == 1) {
      applied_ = true;
      deadline_ = Clock::now() + timeout_;
    }
    life_ = -1;
    return applied_;
  }

  std::string answer(const std::string& word, std::optional<End>& end) const {
    if (word == kStatus) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(deadline_ - Clock::now());
      return std::to_string(left.count());
    }
    if (word == kUndo) {
      end = End::kAsked;
      return std::string(kUndoing);
    }
    if (word != kConfirm) return "unknown word";
    if (!applied_) return std::string(kNotYet);
    end = End::kConfirmed;
    return std::string(kKept);
  }

  Listener& listener_;
  std::chrono::seconds timeout_;
  int life_;
  base::UniqueFd terminate_;
  Clock::time_point deadline_;
  bool applied_ = false;
};

/// Nothing of the starter's session is left: no terminal, no group, no streams, no folder.
void detach() {
  ::setsid();
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  if (::chdir("/") != 0) return;  // only keeps a file system from being unmounted
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; null >= 0 && stream <= 2; ++stream) ::dup2(null, stream);
}

void tell(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // whoever started us is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void live(Listener& listener, std::chrono::seconds timeout, int life, int verdict,
                       const Watchdog::Undo& undo) {
  detach();
  Watch watch(listener, timeout, life);
  tell(verdict, "R");  // ready: nothing of the starter's end can end us any more
  const End end = watch.wait();
  const std::string faults = end == End::kConfirmed ? std::string() : undo(end);
  listener.remove();
  // Who came too late learns it.
  while (listener.waiting()) {
    listener.serve(
        [&](const std::string&) { return std::string(end == End::kConfirmed ? kKept : kUndoing); });
  }
  tell(verdict, std::to_string(static_cast<int>(end)) + faults);
  ::_exit(0);
}

}  // namespace

std::string describe(End end) {
  switch (end) {
    case End::kConfirmed:
      return "it was confirmed";
    case End::kExpired:
      return "nobody confirmed it in time";
    case End::kAsked:
      return "that was asked for";
    case End::kOrphaned:
      return "it was not made to its end";
  }
  return {};
}

Watchdog::Watchdog(const std::filesystem::path& socket, std::chrono::seconds timeout,
                   const Undo& undo) {
  Listener listener(socket);
  base::Pipe life = base::make_pipe();
  base::Pipe verdict = base::make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) {
    listener.remove();
    base::throw_errno("cannot start the watchdog", errno);
  }
  if (pid_ == 0) {
    life.writer = base::UniqueFd();  // or its end would never be seen
    live(listener, timeout, life.reader.get(), verdict.writer.get(), undo);
  }
  life_ = std::move(life.writer);
  verdict_ = std::move(verdict.reader);
  verdict.writer = base::UniqueFd();
  char ready = 0;
  ssize_t got = 0;
  do {
    got = ::read(verdict_.get(), &ready, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) {
    ::waitpid(pid_, nullptr, 0);
    listener.remove();
    throw base::Error(base::ErrorKind::kFailure, "the watchdog died before the trial began");
  }
}

void Watchdog::applied() const { tell(life_.get(), "A"); }

std::optional<Verdict> Watchdog::verdict() const {
  std::string text;
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t got = ::read(verdict_.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  ::waitpid(pid_, nullptr, 0);
  if (text.empty()) return std::nullopt;
  return Verdict{static_cast<End>(text.front() - '0'), text.substr(1)};
}

}  // namespace overland::trial
