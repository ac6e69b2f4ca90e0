#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "base/error.h"

namespace overland::base {

namespace {

UniqueFd open_lock(const std::filesystem::path& path) {
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw_errno("cannot create folder " + path.parent_path().string(), error.value());
  }
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) throw_errno("cannot open lock file " + path.string(), errno);
  return fd;
}

/// Whether `path` still leads to the file that is open: who removes a lock file lets the next comer
/// lock another one of the same name.
bool is_same_file(int fd, const std::filesystem::path& path) {
  struct stat held = {};
  struct stat named = {};
  return ::fstat(fd, &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience)
    : fd_(open_lock(path)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // flock has no timeout of its own, and a signal-based one would be the whole process's business.
  constexpr auto kPause = std::chrono::milliseconds(20);
  for (;;) {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_same_file(fd_.get(), path)) return;
      fd_ = open_lock(path);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string(), errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::kLocked, "another process holds the lock " + path.string(), errno);
    }
    std::this_thread::sleep_for(kPause);
    // The holder may wait on a file that was removed: then the name is free again.
    if (!is_same_file(fd_.get(), path)) fd_ = open_lock(path);
  }
}

}  // namespace overland::base
