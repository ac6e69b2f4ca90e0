#pragma once
// The process that undoes a change nobody confirms. It is born before the change is made, holds all
// it needs in memory, and depends on nothing of who started it: not its terminal, not its session,
// not its life.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace overland::trial {

enum class End {
  kConfirmed,  // keep
  kExpired,    // nobody confirmed in time
  kAsked,      // somebody asked for the way back, or the machine shuts down
  kOrphaned,   // whoever made the change died before it was done
};

/// "nobody confirmed it within the time" and so on.
std::string describe(End end);

/// What a watchdog reported last.
struct Verdict {
  End end = End::kExpired;
  std::string faults;  // what could not be put back; empty: all of it was
};

class Watchdog {
 public:
  /// Puts everything back; what it returns are the faults. Runs in the watchdog's process.
  using Undo = std::function<std::string(End)>;

  /// Forks. Time runs from now on, and anew from applied(). Descriptors that are open now, a lock
  /// among them, stay open in the watchdog until its end. Throws where it cannot be born.
  Watchdog(const std::filesystem::path& socket, std::chrono::seconds timeout, const Undo& undo);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// Without applied() before, this makes the watchdog undo at once.
  ~Watchdog() = default;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The change is made; from now on it can be confirmed.
  void applied() const;
  /// Readable when the verdict is there.
  [[nodiscard]] int fd() const { return verdict_.get(); }
  /// Waits for it; nullopt where the watchdog died without one.
  [[nodiscard]] std::optional<Verdict> verdict() const;

 private:
  pid_t pid_ = 0;
  base::UniqueFd life_;     // written: applied; closed: we died
  base::UniqueFd verdict_;  // read from the watchdog
};

}  // namespace overland::trial
