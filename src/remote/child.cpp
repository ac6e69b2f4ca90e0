#include "remote/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"

namespace overland::remote {
namespace {

constexpr std::chrono::milliseconds kLastWords(500);  // from SIGTERM to SIGKILL

struct Ends {
  base::UniqueFd ours, theirs;
};

/// Ours never waits and raises no SIGPIPE.
Ends make_ends() {
  std::array<int, 2> fds = {};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    base::throw_errno("cannot make a socket pair", errno);
  }
  Ends ends = {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) base::throw_errno("fcntl", errno);
  return ends;
}

/// In our own process group, so that Ctrl-C reaches it, and none of our signals ignored or blocked.
pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
            const std::array<int, 3>& streams) {
  posix_spawn_file_actions_t actions = {};
  posix_spawnattr_t attributes = {};
  sigset_t all = {};
  sigset_t none = {};
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) {
    ::posix_spawn_file_actions_adddup2(&actions, streams[static_cast<std::size_t>(i)], i);
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) base::throw_errno("cannot run " + program, error);
  return pid;
}

}  // namespace

Ended why_ssh_failed(std::string_view err) {
  const auto says = [err](std::string_view words) { return err.find(words) != std::string::npos; };
  // OpenSSH's own words, which it does not translate.
  if (says("Host key verification failed") || says("IDENTIFICATION HAS CHANGED")) {
    return Ended::kHostKey;
  }
  if (says("Permission denied (") || says("Too many authentication failures")) {
    return Ended::kDenied;
  }
  for (const std::string_view words :
       {"Could not resolve hostname", "Connection timed out", "Operation timed out",
        "Connection refused", "No route to host", "Network is unreachable", "Connection closed by",
        "Connection reset by", "Connection to "}) {
    if (says(words)) return Ended::kUnreachable;
  }
  return Ended::kFailed;
}

Child::Child(const std::string& program, const Job& job, const Limits& limits, std::size_t index)
    : index_(index), input_(job.input), limits_(limits), deadline_(Clock::now() + limits.whole) {
  answer_.destination = job.destination;
  Ends in = make_ends();
  Ends out = make_ends();
  Ends err = make_ends();
  pid_ = spawn(program, ssh_arguments(job, limits),
               {in.theirs.get(), out.theirs.get(), err.theirs.get()});
  in_ = std::move(in.ours);
  out_ = std::move(out.ours);
  err_ = std::move(err.ours);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      index_(other.index_),
      input_(other.input_),
      limits_(other.limits_),
      deadline_(other.deadline_),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      too_much_(other.too_much_),
      late_(other.late_),
      status_(other.status_),
      answer_(std::move(other.answer_)) {}

Child::~Child() { end(); }

std::array<pollfd, 3> Child::waits() const {
  return {pollfd{in_.get(), POLLOUT, 0}, pollfd{out_.get(), POLLIN, 0},
          pollfd{err_.get(), POLLIN, 0}};
}

void Child::feed() {
  while (in_.valid() && !input_.empty()) {
    const ssize_t sent = ::send(in_.get(), input_.data(), input_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) break;  // it reads no more; why, its end says
    input_.remove_prefix(static_cast<std::size_t>(sent));
  }
  in_ = base::UniqueFd();
}

bool Child::drain(base::UniqueFd& from, std::string& into, std::size_t limit, bool& more) {
  std::array<char, 65536> chunk;
  while (from.valid()) {
    const ssize_t got = ::read(from.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) break;
    const auto size = static_cast<std::size_t>(got);
    const std::size_t room = limit - std::min(limit, into.size());
    into.append(chunk.data(), std::min(room, size));
    more = more || size > room;
    if (size > room) return true;  // whoever floods us keeps us from nobody else
  }
  from = base::UniqueFd();
  return false;
}

void Child::serve() {
  feed();
  bool thrown_away = false;
  drain(out_, answer_.out, limits_.out, too_much_);
  drain(err_, answer_.err, limits_.err, thrown_away);
}

bool Child::over(Clock::time_point now) {
  if (pid_ < 0) return true;
  const pid_t done = ::waitpid(pid_, &status_, WNOHANG);
  if (done < 0 && errno != EINTR) base::throw_errno("waitpid", errno);
  if (done == pid_) {
    pid_ = -1;
    serve();  // what it said last; a process it left behind may keep the streams
    return true;
  }
  late_ = now >= deadline_;
  if (!late_ && !too_much_) return false;
  end();
  return true;
}

void Child::end() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);  // so that ssh ends what it started, a ProxyCommand
  const auto until = Clock::now() + kLastWords;
  while (::waitpid(pid_, &status_, WNOHANG) == 0) {
    if (Clock::now() >= until) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  pid_ = -1;
}

Answer Child::take() {
  constexpr int kSshFailed = 255;  // ssh(1), EXIT STATUS
  answer_.status = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  answer_.ended = Ended::kExited;
  if (too_much_) {
    answer_.ended = Ended::kTooMuch;
  } else if (late_) {
    answer_.ended = Ended::kLate;
  } else if (answer_.status == kSshFailed) {
    answer_.ended = why_ssh_failed(answer_.err);
  }
  return std::move(answer_);
}

}  // namespace overland::remote
