#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/pipe.h"
#include "base/trusted_path.h"

namespace overland::base {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kOutputLimit = 1U << 20U;

struct FileActions {
  posix_spawn_file_actions_t value = {};
  FileActions() { ::posix_spawn_file_actions_init(&value); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&value); }
};

struct Attributes {
  posix_spawnattr_t value = {};
  /// A process group of its own, so that what the program started can be ended with it, and none of
  /// our signals ignored or blocked.
  Attributes() {
    sigset_t all = {};
    sigset_t none = {};
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_init(&value);
    ::posix_spawnattr_setsigdefault(&value, &all);
    ::posix_spawnattr_setsigmask(&value, &none);
    ::posix_spawnattr_setflags(
        &value, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
};

/// Nobody but root can put another program at a path of which this holds, so running it by its path
/// afterwards runs what was looked at. (By descriptor no script could be run: its interpreter opens
/// it once more.)
void require_trusted(const std::string& program) {
  if (open_trusted(program, O_PATH, Sticky::kFoldersOnly).valid()) return;
  throw Error(ErrorKind::kUnsupported, program + " is not installed", ENOENT);
}

pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
            const std::string& input, int out, int err) {
  FileActions actions;
  ::posix_spawn_file_actions_addopen(&actions.value, 0, input.c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions.value, err, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions.value, 3);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string locale = "LC_ALL=C";
  std::array<char*, 3> environment = {path.data(), locale.data(), nullptr};
  pid_t pid = 0;
  const Attributes attributes;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions.value, &attributes.value,
                                  argv.data(), environment.data());
  if (error != 0) throw_errno("cannot run " + program, error);
  return pid;
}

/// Reads one chunk; false at the end of the stream.
bool drain(int fd, std::string& into) {
  std::array<char, 16384> chunk;
  const ssize_t got = ::read(fd, chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR;
  const std::size_t room = kOutputLimit - std::min(kOutputLimit, into.size());
  into.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
  return got > 0;
}

/// Reads both streams to their ends; false where the deadline came first.
bool collect(int out, int err, ProcessResult& result, Clock::time_point deadline) {
  std::array<pollfd, 2> streams = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    const int ready = ::poll(streams.data(), streams.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) throw_errno("poll", errno);
    if (ready <= 0) continue;
    if (streams[0].revents != 0 && !drain(out, result.out)) streams[0].fd = -1;
    if (streams[1].revents != 0 && !drain(err, result.err)) streams[1].fd = -1;
  }
  return true;
}

/// Waits for the end of `pid`; false where the deadline came first.
bool reap(pid_t pid, int& status, Clock::time_point deadline) {
  for (;;) {
    const pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done == pid) return true;
    if (done < 0 && errno != EINTR) throw_errno("waitpid", errno);
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

ProcessResult run(const std::string& program, const std::vector<std::string>& arguments,
                  std::chrono::milliseconds patience, const std::string& input) {
  require_trusted(program);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const auto deadline = Clock::now() + patience;
  const auto late = [&] {
    return Error(ErrorKind::kFailure,
                 program + " did not end within " + std::to_string(patience.count()) + " ms",
                 ETIMEDOUT);
  };
  if (patience.count() <= 0) throw late();
  const pid_t pid = spawn(program, arguments, input, out.writer.get(), err.writer.get());
  out.writer = UniqueFd();
  err.writer = UniqueFd();
  ProcessResult result;
  int status = 0;
  if (!collect(out.reader.get(), err.reader.get(), result, deadline) ||
      !reap(pid, status, deadline)) {
    ::kill(-pid, SIGKILL);
    // Not for ever: what waits for a dead disk ends when that answers.
    static_cast<void>(reap(pid, status, Clock::now() + std::chrono::seconds(1)));
    throw late();
  }
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace overland::base
