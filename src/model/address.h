#pragma once
// Internet addresses and prefixes of both families. Values are always valid: an Address is a whole
// address of its family, a Prefix has no host bits set. Order: family, then bytes, then length.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace overland::model {

enum class Family : std::uint8_t { kInet4 = 2, kInet6 = 10 };  // AF_INET, AF_INET6 of socket(2)

/// 32 or 128.
constexpr std::uint8_t bits(Family family) {
  return family == Family::kInet4 ? std::uint8_t{32} : std::uint8_t{128};
}

class Address {
 public:
  Address() = default;  // 0.0.0.0

  /// `text` as inet_pton(3) takes it; nullopt otherwise (no names, no leading zeros, no spaces).
  static std::optional<Address> parse(std::string_view text);
  /// From 4 or 16 bytes in network order; any other size is a programming error.
  static Address from_bytes(std::span<const std::uint8_t> bytes);
  static Address from_ipv4(std::uint32_t host_order);

  [[nodiscard]] Family family() const { return family_; }
  /// 4 or 16 bytes in network order.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return {bytes_.data(), std::size_t{bits(family_)} / 8};
  }
  /// The IPv4 address as a number in host order; only for Family::kInet4.
  [[nodiscard]] std::uint32_t ipv4() const;
  [[nodiscard]] std::string to_string() const;

  /// Both as if defaulted; two numbers compare faster than sixteen bytes.
  bool operator==(const Address& other) const {
    return family_ == other.family_ && number(0) == other.number(0) && number(8) == other.number(8);
  }
  std::strong_ordering operator<=>(const Address& other) const {
    if (family_ != other.family_) return family_ <=> other.family_;
    const std::uint64_t high = number(0);
    const std::uint64_t other_high = other.number(0);
    return high != other_high ? high <=> other_high : number(8) <=> other.number(8);
  }

 private:
  /// Eight bytes as they are on the wire: the most significant first.
  [[nodiscard]] std::uint64_t number(std::size_t offset) const {
    std::uint64_t value = 0;
    for (std::size_t i = offset; i < offset + 8; ++i) value = value << 8U | bytes_[i];
    return value;
  }

  Family family_ = Family::kInet4;
  std::array<std::uint8_t, 16> bytes_ = {};
};

class Prefix {
 public:
  Prefix() = default;  // 0.0.0.0/0
  /// The network `length` bits of `address` long; host bits are cut off, `length` is clamped.
  Prefix(const Address& address, std::uint8_t length);
  /// The prefix that holds this one address.
  explicit Prefix(const Address& address) : Prefix(address, bits(address.family())) {}

  /// "192.168.100.0/24"; nullopt without a length or with host bits set.
  static std::optional<Prefix> parse(std::string_view text);

  [[nodiscard]] const Address& network() const { return network_; }
  [[nodiscard]] std::uint8_t length() const { return length_; }
  [[nodiscard]] Family family() const { return network_.family(); }
  /// The highest address: the broadcast address of an IPv4 network of /30 or shorter.
  [[nodiscard]] Address last() const;
  /// Whether it is the first or the last of the prefix.
  [[nodiscard]] bool has_edge(const Address& address) const {
    return address == network() || address == last();
  }
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] bool contains(const Prefix& other) const;
  [[nodiscard]] bool overlaps(const Prefix& other) const;
  /// "192.168.100.0/24"
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const Prefix&) const = default;

 private:
  Address network_;
  std::uint8_t length_ = 0;
};

/// An address with the length of its network, as on a link or in Docker's `bip`: host bits kept.
struct InterfaceAddress {
  Address address;
  std::uint8_t length = 0;  // 0..32 or 0..128

  /// "192.168.100.1/24"; nullopt without a length.
  static std::optional<InterfaceAddress> parse(std::string_view text);
  [[nodiscard]] Prefix prefix() const { return {address, length}; }
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const InterfaceAddress&) const = default;
};

/// The smallest sorted list of prefixes that covers exactly the same addresses: duplicates and
/// contained prefixes go, complete pairs of neighbours merge (10.1.0.0/24 … 10.1.255.0/24 become
/// 10.1.0.0/16). O(n log n).
std::vector<Prefix> aggregate(std::vector<Prefix> prefixes);

}  // namespace overland::model
