#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <thread>

#include "base/error.h"

namespace overland::base {

FileLock::FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) throw_errno("cannot create folder " + path.parent_path().string(), error.value());
  fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_.valid()) throw_errno("cannot open lock file " + path.string(), errno);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // flock has no timeout of its own, and a signal-based one would be the whole process's business.
  constexpr auto kPause = std::chrono::milliseconds(20);
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string(), errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::kLocked, "another process holds the lock " + path.string(), errno);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace overland::base
