#pragma once
// The time one run has for all its neighbours together (Docker, D-Bus, iptables): whoever asks one
// of them waits no longer than what is left. One object a run, shared by reference.

#include <algorithm>
#include <chrono>

namespace overland::base {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(std::chrono::milliseconds from_now) : end_(Clock::now() + from_now) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// What is left; zero where nothing is.
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  /// What is left, but no more than `most`.
  [[nodiscard]] std::chrono::milliseconds at_most(std::chrono::milliseconds most) const {
    return std::min(left(), most);
  }
  /// Work that was asked for by name (a restart of Docker) and is no neighbour's fault.
  void extend(std::chrono::milliseconds by) { end_ += by; }

 private:
  Clock::time_point end_;
};

}  // namespace overland::base
