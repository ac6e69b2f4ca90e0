#include "inventory/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "inventory/keys.h"

namespace overland::inventory {
namespace {

struct Range {
  std::uint32_t network;  // host order
  std::uint8_t length;
  const char* name;
};

// The special-purpose registry of RFC 6890 (section 2.2.2) and multicast of RFC 5735 (section 3):
// only what a packet between two hosts can never carry. 255.255.255.255 lies in 240.0.0.0/4.
constexpr std::array kReservedRanges = {
    Range{0x00000000, 8, "\"this network\" 0.0.0.0/8"},
    Range{0x7f000000, 8, "loopback 127.0.0.0/8"},
    Range{0xa9fe0000, 16, "link-local 169.254.0.0/16"},
    Range{0xe0000000, 4, "multicast 224.0.0.0/4"},
    Range{0xf0000000, 4, "reserved 240.0.0.0/4"},
};

bool check_reserved(const model::Prefix& prefix, const Text& text, const std::string& key,
                    Report& report) {
  const std::string range = reserved_range(prefix);
  if (range.empty()) return true;
  report.add(Code::kReserved, text.at,
             key + " " + quote(text.value) + " lies in " + range + ", which cannot be routed",
             "use a private range of RFC 1918: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16");
  return false;
}

bool check_ipv4(model::Family family, const Text& text, const std::string& key, Report& report) {
  if (family == model::Family::kInet4) return true;
  report.add(Code::kIpv6, text.at, key + " " + quote(text.value) + " is IPv6, not supported yet",
             "write the IPv4 one");
  return false;
}

bool check_length(int length, int shortest, int longest, const Text& text, const std::string& key,
                  Report& report) {
  if (length >= shortest && length <= longest) return true;
  report.add(Code::kPrefixLength, text.at,
             key + " " + quote(text.value) + " has the prefix length " + std::to_string(length),
             "write a length of " + std::to_string(shortest) + " to " + std::to_string(longest));
  return false;
}

/// The length that a netmask like 255.255.255.0 stands for.
std::optional<std::uint8_t> netmask_length(const std::string& text) {
  const auto mask = model::Address::parse(text);
  if (!mask || mask->family() != model::Family::kInet4) return std::nullopt;
  const int length = std::countl_one(mask->ipv4());
  if (std::popcount(mask->ipv4()) != length) return std::nullopt;
  return static_cast<std::uint8_t>(length);
}

/// A prefix of `key`, host bits allowed.
std::optional<model::InterfaceAddress> read_prefix(const Text& text, const std::string& key,
                                                   const std::string& example, Report& report) {
  const auto parsed = model::InterfaceAddress::parse(text.value);
  if (parsed) {
    if (!check_ipv4(parsed->address.family(), text, key, report)) return std::nullopt;
    return parsed;
  }
  if (const auto bare = model::Address::parse(text.value)) {
    if (!check_ipv4(bare->family(), text, key, report)) return std::nullopt;
    report.add(Code::kPrefixSyntax, text.at,
               key + " " + quote(text.value) + " has no prefix length",
               "write \"" + text.value + "/24\", with the length you mean");
    return std::nullopt;
  }
  const std::size_t slash = std::min(text.value.find('/'), text.value.size());
  const auto address = model::Address::parse(text.value.substr(0, slash));
  const auto length = netmask_length(text.value.substr(slash).erase(0, 1));
  report.add(
      Code::kPrefixSyntax, text.at,
      key + " " + quote(text.value) +
          (address ? " has no valid prefix length" : " is no address with a prefix length"),
      "write it like \"" +
          (address && length ? model::InterfaceAddress{*address, *length}.to_string() : example) +
          "\"");
  return std::nullopt;
}

}  // namespace

std::string reserved_range(const model::Prefix& prefix) {
  if (prefix.family() != model::Family::kInet4) return {};
  for (const Range& range : kReservedRanges) {
    const int shift = 32 - (range.length < prefix.length() ? range.length : prefix.length());
    const bool apart = shift < 32 && (prefix.network().ipv4() ^ range.network) >> shift != 0;
    if (!apart) return range.name;
  }
  return {};
}

std::optional<model::Address> read_address(const Text& text, const std::string& key,
                                           Report& report) {
  const auto parsed = model::Address::parse(text.value);
  if (!parsed) {
    const auto with_length = model::InterfaceAddress::parse(text.value);
    report.add(Code::kAddressSyntax, text.at,
               key + " " + quote(text.value) + " is not an IPv4 address",
               with_length ? "write only \"" + with_length->address.to_string() +
                                 "\": the prefix length is the segment's"
                           : "write four numbers from 0 to 255 without leading zeros, like "
                             "\"10.0.0.200\"");
    return std::nullopt;
  }
  if (!check_ipv4(parsed->family(), text, key, report)) return std::nullopt;
  if (!check_reserved(model::Prefix(*parsed), text, key, report)) return std::nullopt;
  return parsed;
}

std::optional<model::Prefix> read_network(const Text& text, const std::string& key, int shortest,
                                          int longest, Report& report) {
  const auto parsed = read_prefix(text, key, "172.16.10.0/24", report);
  if (!parsed || !check_length(parsed->length, shortest, longest, text, key, report)) {
    return std::nullopt;
  }
  const model::Prefix network = parsed->prefix();
  if (network.network() != parsed->address) {
    report.add(Code::kHostBits, text.at, key + " " + quote(text.value) + " has host bits set",
               "write \"" + network.to_string() + "\"");
    return std::nullopt;
  }
  if (!check_reserved(network, text, key, report)) return std::nullopt;
  return network;
}

std::optional<model::InterfaceAddress> read_bip(const Text& text, const std::string& key,
                                                Report& report) {
  const auto parsed = read_prefix(text, key, "10.100.200.1/24", report);
  if (!parsed ||
      !check_length(parsed->length, kShortestNetwork, kLongestBridge, text, key, report)) {
    return std::nullopt;
  }
  const model::Prefix network = parsed->prefix();
  if (!check_reserved(network, text, key, report)) return std::nullopt;
  const bool is_network = parsed->address == network.network();
  if (is_network || parsed->address == network.last()) {
    const auto first = model::Address::from_ipv4(network.network().ipv4() + 1);
    report.add(Code::kBipIsEdge, text.at,
               key + " " + quote(text.value) + " is the " + (is_network ? "network" : "broadcast") +
                   " address of " + network.to_string(),
               "write an address inside it, like \"" +
                   model::InterfaceAddress{first, parsed->length}.to_string() + "\"");
    return std::nullopt;
  }
  return parsed;
}

bool check_mark(const Placed<std::int64_t>& mark, Report& report) {
  const bool fits = mark.value > 0 && mark.value <= std::numeric_limits<std::uint32_t>::max();
  if (fits && std::has_single_bit(static_cast<std::uint32_t>(mark.value))) return true;
  report.add(Code::kMark, mark.at,
             "mark " + std::to_string(mark.value) + " is not exactly one bit of 32",
             "write a power of two from 0x1 to 0x80000000, like 0x200000");
  return false;
}

}  // namespace overland::inventory
