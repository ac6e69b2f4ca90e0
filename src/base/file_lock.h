#pragma once
// An exclusive flock(2) on a file, held for the life of the object. The kernel drops it when the
// process dies, so it can never be stale.

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

 private:
  UniqueFd fd_;
};

}  // namespace overland::base
