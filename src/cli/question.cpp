#include "cli/question.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <string_view>

namespace overland::cli {
namespace {

/// Reads what waits on the terminal; false at its end. `line` tells whether Enter was pressed.
bool read_terminal(bool& line) {
  std::array<char, 256> text;
  const ssize_t got = ::read(STDIN_FILENO, text.data(), text.size());
  if (got < 0) return errno == EINTR;
  const std::string_view typed(text.data(), static_cast<std::size_t>(got));
  line = typed.find('\n') != std::string_view::npos;
  return got > 0;
}

void show_question(bool terminal, std::chrono::seconds timeout, std::ostream& out) {
  if (terminal) ::tcflush(STDIN_FILENO, TCIFLUSH);
  out << "On trial: rolled back in " << timeout.count()
      << " s unless confirmed, by Enter here or by 'overland confirm' from another login\n"
      << std::flush;
}

}  // namespace

base::UniqueFd catch_stops() {
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGINT);
  ::sigaddset(&stops, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &stops, nullptr);
  return base::UniqueFd(::signalfd(-1, &stops, SFD_CLOEXEC));
}

void wait_for_end(trial::Watchdog& watchdog, const base::UniqueFd& stopped,
                  std::chrono::seconds timeout, std::ostream& out) {
  using News = trial::Watchdog::News;
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  std::array<pollfd, 3> events = {pollfd{watchdog.fd(), POLLIN, 0},
                                  pollfd{stopped.get(), POLLIN, 0}, pollfd{-1, POLLIN, 0}};
  for (;;) {
    if (::poll(events.data(), events.size(), -1) < 0) continue;
    if (events[1].revents != 0) {
      events[1].fd = -1;
      watchdog.undo();
    }
    bool enter = false;
    if (events[2].revents != 0 && !read_terminal(enter)) events[2].fd = -1;
    if (enter) watchdog.keep();
    const News news = events[0].revents != 0 ? watchdog.hear() : News::kNone;
    if (news == News::kOver) return;
    if (news != News::kMade) continue;
    show_question(terminal, timeout, out);
    if (terminal) events[2].fd = STDIN_FILENO;
  }
}

}  // namespace overland::cli
