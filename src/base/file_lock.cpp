#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "base/error.h"

namespace overland::base {

namespace {

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_errno("cannot create folder " + folder.string(), error.value());
}

[[noreturn]] void refuse(const std::filesystem::path& folder, const std::string& why) {
  throw Error(ErrorKind::kFailure, "no lock is taken in " + folder.string() + ", which " + why);
}

/// A folder that is ours, and neither a link nor writable by others.
UniqueFd open_own_folder(const std::filesystem::path& folder, struct stat& status) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && (errno == ENOTDIR || errno == ELOOP)) {
    refuse(folder, "is a symbolic link or no folder; remove it");
  }
  if (!fd.valid()) throw_errno("cannot open folder " + folder.string(), errno);
  if (::fstat(fd.get(), &status) != 0) throw_errno("cannot stat " + folder.string(), errno);
  if (status.st_uid != ::geteuid()) {
    refuse(folder, "belongs to user " + std::to_string(status.st_uid) + "; run: chown root " +
                       folder.string());
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse(folder, "others may write; run: chmod go-w " + folder.string());
  }
  return fd;
}

UniqueFd open_at(int folder, const std::filesystem::path& name, const std::filesystem::path& path) {
  UniqueFd fd(::openat(folder, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) throw_errno("cannot open lock file " + path.string(), errno);
  return fd;
}

UniqueFd open_lock(const std::filesystem::path& path) {
  if (path.has_parent_path()) make_folders(path.parent_path());
  return open_at(AT_FDCWD, path, path);
}

UniqueFd open_own_lock(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  make_folders(folder);
  struct stat status = {};
  const UniqueFd place = open_own_folder(folder, status);
  return open_at(place.get(), path.filename(), path);
}

UniqueFd open_own_lock_folder(const std::filesystem::path& folder) {
  if (folder.has_parent_path()) make_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS) {
    throw_errno("cannot create folder " + folder.string(), errno);
  }
  struct stat status = {};
  UniqueFd fd = open_own_folder(folder, status);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return fd;
  // Who can open a folder can hold its lock. Another folder's mode is none of our business.
  if (folder.filename() != "overland" || ::fchmod(fd.get(), 0700) != 0) {
    refuse(folder, "others may read; run: chmod 0700 " + folder.string());
  }
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
    : FileLock(path, open_lock, patience) {}

FileLock FileLock::on_own_file(const std::filesystem::path& path,
                               std::chrono::milliseconds patience) {
  return {path, open_own_lock, patience};
}

FileLock FileLock::on_own_folder(const std::filesystem::path& folder,
                                 std::chrono::milliseconds patience) {
  return {folder, open_own_lock_folder, patience};
}

FileLock::FileLock(const std::filesystem::path& path, Opener open,
                   std::chrono::milliseconds patience)
    : fd_(open(path)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // flock has no timeout of its own, and a signal-based one would be the whole process's business.
  constexpr auto kPause = std::chrono::milliseconds(20);
  for (;;) {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_same_file(fd_.get(), path)) return;
      fd_ = open(path);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string(), errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::kLocked, "another process holds the lock " + path.string(), errno);
    }
    std::this_thread::sleep_for(kPause);
    // The holder may wait on a file that was removed: then the name is free again.
    if (!is_same_file(fd_.get(), path)) fd_ = open(path);
  }
}

}  // namespace overland::base
