#pragma once
// An exclusive flock(2) on a file or a folder, held for the life of the object. The kernel drops it
// when the process dies, so it can never be stale. Only places that nobody else can open are taken,
// so that nobody else can hold it.

#include <chrono>
#include <filesystem>

#include "base/unique_fd.h"

namespace overland::base {

class FileLock {
 public:
  /// Takes the lock, waiting at most `patience` (zero: one try). Throws kLocked where another
  /// process still holds it then, and what errno says where the file cannot be made; kFailure where
  /// its folder is a symbolic link, somebody else's, or others may write it.
  /// The file is created 0600 without following a symbolic link; its folder is made (0755).
  explicit FileLock(const std::filesystem::path& path,
                    std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  /// The same on a folder, which need not be writable. It is made (0700) where it is not there, and
  /// has to be ours alone: one named "overland" that others may read is made so.
  static FileLock on_folder(const std::filesystem::path& folder,
                            std::chrono::milliseconds patience = std::chrono::milliseconds(0));

 private:
  using Opener = UniqueFd (*)(const std::filesystem::path&);
  FileLock(const std::filesystem::path& path, Opener open, std::chrono::milliseconds patience);

  UniqueFd fd_;
};

}  // namespace overland::base
