#pragma once
// The process that undoes a change nobody confirms, and the one that makes the change. The watchdog
// is born before anything is changed, holds all it needs in memory, and depends on nothing of who
// started it: not its terminal, not its session, not its life. The maker is its child, so that it
// can be stopped, and is known to be stopped, before anything is undone.
//
//   starter (terminal) ── watchdog ── maker      the lock is open in all three

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "trial/control.h"

namespace overland::trial {

enum class End {
  kConfirmed,  // keep
  kExpired,    // nobody confirmed in time
  kAsked,      // somebody asked for the way back, or the machine shuts down
  kOrphaned,   // the starter died before the change was made
  kTooSlow,    // the change was not made in time
  kNotWhole,   // not all of it could be made, or the maker was killed
};

/// "nobody confirmed it in time" and so on.
std::string describe(End end);

/// What a watchdog reported last.
struct Verdict {
  End end = End::kExpired;
  std::string text;  // confirmed: what is to be said of it; else what could not be put back
};

/// What make() exits with where not all could be made; other numbers are handed on to keep().
inline constexpr int kNotWhole = 1;

struct Work {
  /// Makes the change, in a process of its own that may be killed at any step.
  std::function<int()> make;
  /// Puts everything back; what it returns are the faults.
  std::function<std::string(End)> undo;
  /// What is to be said of the kept change, by what make() gave; installs the inventory where that
  /// is asked. Throws where it cannot: then nothing is decided.
  std::function<std::string(int made, bool install)> keep;
};

/// The starter's side.
class Watchdog {
 public:
  /// Forks. Descriptors that are open now, a lock among them, stay open in the watchdog until its
  /// end. Throws where it cannot be born.
  Watchdog(const Places& places, std::chrono::seconds timeout, const Work& work);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// The watchdog undoes at once where the change is not made yet.
  ~Watchdog() = default;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Has the change made. Time runs from now on, and anew when it is made.
  void begin() const;
  void keep() const;
  void undo() const;
  /// Readable when hear() has something to tell.
  [[nodiscard]] int fd() const { return news_.get(); }

  enum class News { kNone, kMade, kOver };
  /// Takes in what is there to be read.
  News hear();
  /// After kOver; nullopt where the watchdog died without a verdict. The maker is dead by then.
  [[nodiscard]] std::optional<Verdict> verdict() const;

 private:
  pid_t pid_ = 0;
  base::UniqueFd wishes_;  // to the watchdog; closed: we died
  base::UniqueFd news_;    // from it; at its end neither watchdog nor maker lives
  std::string heard_;
};

}  // namespace overland::trial
