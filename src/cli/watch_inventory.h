#pragma once
// The present inventory file, seen from a watcher: read and checked when it changes, told once, and
// applied by others.

#include <cstdint>
#include <string>

#include "cli/options.h"

namespace overland::cli {

class PresentFile {
 public:
  enum class Standing : std::uint8_t {
    kApplied,  // it is the one in force
    kPending,  // it is not, and could be
    kRefused,  // it could not be: faulty, missing, not root's alone, of a lower generation
  };

  explicit PresentFile(const Options& options) : options_(options) {}

  /// Reads it, and logs what is new about it. `applied`: the hash of the inventory in force;
  /// empty: none is.
  void check(const std::string& applied);
  [[nodiscard]] Standing standing() const { return standing_; }
  /// Of the last one that was read; empty: none.
  [[nodiscard]] const std::string& hash() const { return hash_; }

 private:
  void announce(const std::string& applied);
  void refuse(const std::string& why);

  const Options& options_;
  Standing standing_ = Standing::kApplied;
  std::string hash_;
  std::string told_;  // about which hash, or the fault that kept it from being read
};

}  // namespace overland::cli
