#pragma once
// A sum of 64 bits by which one tells whether bytes are the same as before: an inventory of ten
// megabytes takes milliseconds. Whoever does not know the seed cannot make other bytes of the same
// sum; it is no signature.

#include <cstdint>
#include <span>
#include <string_view>

namespace overland::base {

class Digest {
 public:
  explicit Digest(std::uint64_t seed) : state_(seed) {}

  void add(std::uint64_t number) {
    // The multiplier of MurmurHash3's finalizer.
    state_ = (state_ ^ number) * 0xff51afd7ed558ccdU;
    state_ ^= state_ >> 32U;
  }
  /// With their length, so that what follows is never taken for a part of them.
  void add(std::span<const std::uint8_t> bytes);
  void add(std::string_view text);

  [[nodiscard]] std::uint64_t value() const {
    Digest last(*this);
    last.add(std::uint64_t{0});
    last.add(std::uint64_t{0});
    return last.state_;
  }

 private:
  std::uint64_t state_;
};

}  // namespace overland::base
