#pragma once
// An exclusive flock(2) on a file or a folder, held for the life of the object. The kernel drops it
// when the process dies, so it can never be stale.

#include <chrono>
#include <filesystem>

#include "base/unique_fd.h"

namespace overland::base {

class FileLock {
 public:
  /// Takes the lock, waiting at most `patience` (zero: one try). Throws kLocked where another
  /// process still holds it then, and what errno says where the file cannot be made.
  /// The file is created 0600 without following a symbolic link; its folder is made (0755).
  explicit FileLock(const std::filesystem::path& path,
                    std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  /// The same in a folder that only we may write, so that nobody else can hold the lock or take the
  /// file away. Throws kFailure where it is a symbolic link, somebody else's, or open to others.
  static FileLock on_own_file(const std::filesystem::path& path,
                              std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  /// On a folder that only we may open, which need not be writable. It is made (0700) where it is
  /// not there; one named "overland" that others may read is closed to them. Throws as above.
  static FileLock on_own_folder(const std::filesystem::path& folder,
                                std::chrono::milliseconds patience = std::chrono::milliseconds(0));

 private:
  using Opener = UniqueFd (*)(const std::filesystem::path&);
  FileLock(const std::filesystem::path& path, Opener open, std::chrono::milliseconds patience);

  UniqueFd fd_;
};

}  // namespace overland::base
