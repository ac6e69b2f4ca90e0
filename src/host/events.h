#pragma once
// What tells that something on the machine may have changed. An event says which part to look at,
// never what is so now: events may be lost, doubled or late, a look is the truth.

#include <cstdint>

namespace overland::host {

enum class Part : std::uint8_t {
  kRoutes = 1,
  kLinks = 2,  // and their addresses
  kSysctls = 4,
  kFirewall = 8,
  kDocker = 16,  // its process, its networks and daemon.json
  kInventory = 32,
  kNeighbours = 64,  // of the tunnel
};

/// A set of parts.
class Parts {
 public:
  constexpr Parts() = default;
  constexpr Parts(Part part) : bits_(static_cast<std::uint8_t>(part)) {}  // NOLINT: a set of one
  static constexpr Parts all() {
    Parts parts;
    parts.bits_ = 127;
    return parts;
  }

  [[nodiscard]] constexpr bool any() const { return bits_ != 0; }
  [[nodiscard]] constexpr bool has(Part part) const {
    return (bits_ & static_cast<std::uint8_t>(part)) != 0;
  }
  constexpr Parts& operator|=(Parts other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr Parts operator|(Parts left, Parts right) { return left |= right; }
  [[nodiscard]] constexpr Parts without(Parts other) const {
    Parts parts;
    parts.bits_ = static_cast<std::uint8_t>(bits_ & ~other.bits_);
    return parts;
  }
  constexpr bool operator==(const Parts&) const = default;

 private:
  std::uint8_t bits_ = 0;
};

constexpr Parts operator|(Part left, Part right) { return Parts(left) | Parts(right); }

/// One source of events.
class Events {
 public:
  virtual ~Events() = default;
  /// Readable (poll(2)) when there is something to drain; -1: nothing to wait for now.
  [[nodiscard]] virtual int fd() const = 0;
  /// What has become dirty since the last call; what was lost on the way is all this source tells
  /// of. Never waits. Throws what errno says where the source is broken for good.
  virtual Parts drain() = 0;
};

}  // namespace overland::host
