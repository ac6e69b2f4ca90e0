#include "model/address.h"

#include <arpa/inet.h>
#include <endian.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace overland::model {
namespace {

static_assert(static_cast<int>(Family::kInet4) == AF_INET);
static_assert(static_cast<int>(Family::kInet6) == AF_INET6);

/// The mask of byte `index` in a network of `length` bits.
std::uint8_t mask_byte(std::uint8_t length, std::size_t index) {
  const int left = static_cast<int>(length) - static_cast<int>(index) * 8;
  if (left >= 8) return 0xff;
  if (left <= 0) return 0;
  return static_cast<std::uint8_t>(0xffU << (8 - static_cast<unsigned>(left)));
}

std::uint32_t mask_ipv4(std::uint8_t length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (32U - length);
}

/// `combine` is given parts of the address, and those of the network's mask.
template <typename Combine>
Address map_bytes(const Address& address, std::uint8_t length, Combine combine) {
  // There are tens of thousands of these, and no loop is as fast.
  if (address.family() == Family::kInet4) {
    return Address::from_ipv4(combine(address.ipv4(), mask_ipv4(length)));
  }
  std::array<std::uint8_t, 16> bytes = {};
  const auto from = address.bytes();
  for (std::size_t i = 0; i < from.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(combine(from[i], mask_byte(length, i)));
  }
  return Address::from_bytes(bytes);
}

struct Split {
  std::string_view address;
  std::uint8_t length;
};

/// Cuts "address/length"; the length is decimal without sign or leading zeros.
std::optional<Split> split(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Split{text.substr(0, slash), length};
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer = {};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), buffer.begin());
  Address result;
  result.family_ = text.find(':') == std::string_view::npos ? Family::kInet4 : Family::kInet6;
  if (::inet_pton(static_cast<int>(result.family_), buffer.data(), result.bytes_.data()) != 1) {
    return std::nullopt;
  }
  return result;
}

Address Address::from_bytes(std::span<const std::uint8_t> bytes) {
  Address result;
  result.family_ = bytes.size() == 4 ? Family::kInet4 : Family::kInet6;
  std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 16), result.bytes_.begin());
  return result;
}

Address Address::from_ipv4(std::uint32_t host_order) {
  Address result;
  // Eight bytes at once, as number() reads them.
  const std::uint64_t wire = htobe64(std::uint64_t{host_order} << 32U);
  std::memcpy(result.bytes_.data(), &wire, sizeof wire);
  return result;
}

std::uint32_t Address::ipv4() const {
  std::uint32_t wire = 0;
  std::memcpy(&wire, bytes_.data(), sizeof wire);
  return be32toh(wire);
}

std::string Address::to_string() const {
  if (family_ == Family::kInet4) {
    // inet_ntop() goes through sprintf, and there are tens of thousands.
    std::string text = std::to_string(bytes_[0]);
    for (std::size_t i = 1; i < 4; ++i) (text += '.') += std::to_string(bytes_[i]);
    return text;
  }
  std::array<char, INET6_ADDRSTRLEN> buffer = {};
  ::inet_ntop(static_cast<int>(family_), bytes_.data(), buffer.data(), buffer.size());
  return buffer.data();
}

Prefix::Prefix(const Address& address, std::uint8_t length)
    : length_(std::min(length, bits(address.family()))) {
  network_ = map_bytes(address, length_, [](unsigned part, unsigned mask) { return part & mask; });
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto parsed = InterfaceAddress::parse(text);
  if (!parsed || parsed->prefix().network() != parsed->address) return std::nullopt;
  return parsed->prefix();
}

Address Prefix::last() const {
  return map_bytes(network_, length_, [](unsigned part, unsigned mask) { return part | ~mask; });
}

bool Prefix::contains(const Address& address) const {
  return address.family() == family() && Prefix(address, length_).network_ == network_;
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.network_);
}

bool Prefix::overlaps(const Prefix& other) const {
  return contains(other) || other.contains(*this);
}

std::string Prefix::to_string() const {
  return network_.to_string() + "/" + std::to_string(length_);
}

std::optional<InterfaceAddress> InterfaceAddress::parse(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  const auto address = Address::parse(parts->address);
  if (!address || parts->length > bits(address->family())) return std::nullopt;
  return InterfaceAddress{*address, parts->length};
}

std::string InterfaceAddress::to_string() const {
  return address.to_string() + "/" + std::to_string(length);
}

std::vector<Prefix> aggregate(std::vector<Prefix> prefixes) {
  // They mostly come from an inventory that is in order already.
  if (!std::is_sorted(prefixes.begin(), prefixes.end())) {
    std::sort(prefixes.begin(), prefixes.end());
  }
  std::size_t kept = 0;  // those before it are the result so far
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    // Sorted by network, then length: whatever contains this one is the last one kept.
    if (kept > 0 && prefixes[kept - 1].contains(prefixes[i])) continue;
    prefixes[kept++] = prefixes[i];
    while (kept >= 2) {
      const Prefix& left = prefixes[kept - 2];
      const Prefix& right = prefixes[kept - 1];
      if (left.length() != right.length() || left.length() == 0) break;
      const Prefix parent(left.network(), static_cast<std::uint8_t>(left.length() - 1));
      if (parent.network() != left.network() || !parent.contains(right)) break;
      prefixes[--kept - 1] = parent;
    }
  }
  prefixes.resize(kept);
  prefixes.shrink_to_fit();
  return prefixes;
}

}  // namespace overland::model
