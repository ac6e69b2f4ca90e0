#pragma once
// When to look after something happened: soon, but once for a burst, and ever later while somebody
// undoes what was repaired or the looks themselves take long. No clock of its own.

#include <chrono>
#include <optional>

namespace overland::watch {

using Clock = std::chrono::steady_clock;

class Pace {
 public:
  struct Limits {
    std::chrono::milliseconds quiet;          // after the last event
    std::chrono::milliseconds most;           // after the first one of a burst
    std::chrono::milliseconds slowest{1000};  // how far `quiet` grows
  };

  explicit Pace(Limits limits) : limits_(limits), quiet_(limits.quiet) {}

  void note(Clock::time_point now);
  /// When to look; nullopt: nothing has happened since the last look.
  [[nodiscard]] std::optional<Clock::time_point> due() const;
  /// A look, and what it led to, took from `begin` to `end`. Where it `changed` something again
  /// soon after the last time, the next one comes later.
  void looked(Clock::time_point begin, Clock::time_point end, bool changed);

 private:
  Limits limits_;
  Clock::duration quiet_;
  std::optional<Clock::time_point> first_;
  Clock::time_point last_;
  Clock::time_point not_before_;
  std::optional<Clock::time_point> changed_;
};

}  // namespace overland::watch
