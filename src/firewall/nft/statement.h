#pragma once
// The rules of table `ip overland` and of our anchors as values: what nft/rule.h reads,
// nft/rule_encode.h writes and nft/compare_table.h compares. Each rule has one form, so that rules
// that do the same are equal.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "firewall/nft/dump.h"

namespace overland::firewall::nft {

enum class Field : std::uint8_t {
  kMark,
  kState,
  kInLink,
  kOutLink,
  kSource,
  kDestination,
  kInKind,  // "bridge"; a link without a kind (hardware) matches nothing, negated or not
  kOutKind,
  kSender,   // the link a packet came in on, and the source it has: only among a set of both
  kArpKind,  // of an ARP packet: the lengths of its addresses, and what it is
  kArpSource,
  kArpTarget,
  kProtocol,         // of the packet, an EtherType; in host order
  kRoutedTo,         // the link the route to the destination leads to; "br-*": those that begin so
  kTransport,        // IPPROTO_…
  kDestinationPort,  // of UDP
  kVni,              // of VXLAN in UDP (RFC 7348), and so are the next
  kInnerKind,        // of a frame within its EtherType, and the first byte behind it: 3 bytes
  kInnerSource,      // of an IPv4 packet in such a frame: only as a part of
  kSocketUser,  // of the local socket that sends it; without one nothing matches, negated or not
  kTunnelled,   // the source a packet has, and that of the one within: only among a set of both
  kIcmpError,   // of ICMP: type and code; of what it quotes, behind its header of 8 bytes, the next
  kQuotedHead,  // version and length of the IP header
  kQuotedTransport,  // IPPROTO_…
  kQuotedKind,       // of ICMP: type and code; behind an IP header of 20 bytes, as the next
  kQuotedPort,       // of UDP: of the destination
};

/// A number in network order.
constexpr bool is_address(Field field) {
  return field == Field::kSource || field == Field::kDestination || field == Field::kArpKind ||
         field == Field::kArpSource || field == Field::kArpTarget || field == Field::kInnerSource;
}
/// Of a number shorter than four bytes and in network order its length in bytes; 0 of all others.
constexpr std::uint32_t short_number(Field field) {
  switch (field) {
    case Field::kTransport:
    case Field::kQuotedHead:
    case Field::kQuotedTransport:
      return 1;
    case Field::kDestinationPort:
    case Field::kIcmpError:
    case Field::kQuotedKind:
    case Field::kQuotedPort:
      return 2;
    case Field::kVni:
    case Field::kInnerKind:
      return 3;
    default:
      return 0;
  }
}
/// Held as text, of kLinkNameSize.
constexpr bool is_link(Field field) {
  return field == Field::kInLink || field == Field::kOutLink || field == Field::kInKind ||
         field == Field::kOutKind || field == Field::kRoutedTo;
}

/// A named set of the same table.
struct SetName {
  std::string name;

  auto operator<=>(const SetName&) const = default;
};

/// Of a mark or of states (NF_CT_STATE_BIT of nf_conntrack_common.h) a number, of a link its name
/// or kind,
/// of an address sorted ranges: one is compared, more are an anonymous set.
using Value = std::variant<std::uint32_t, std::string, std::vector<Range>, SetName>;

/// The rule goes on where (field & mask) is, or with `negated` is not, `value` or among it.
struct Match {
  Field field = Field::kMark;
  Value value;
  bool negated = false;
  std::uint32_t mask = UINT32_MAX;  // addresses in host order, a sender's and an inner source among
                                    // them; for a link's name: all ones

  auto operator<=>(const Match&) const = default;
};

/// mark = (mark & kept) ^ toggled
struct MarkChange {
  std::uint32_t kept = UINT32_MAX;
  std::uint32_t toggled = 0;

  auto operator<=>(const MarkChange&) const = default;
};

struct Verdict {
  static constexpr std::int32_t kDrop = 0;  // NF_… of linux/netfilter.h
  static constexpr std::int32_t kAccept = 1;
  static constexpr std::int32_t kJump = -3;  // NFT_… of linux/netfilter/nf_tables.h
  static constexpr std::int32_t kReturn = -5;

  std::int32_t code = kAccept;  // any of those headers
  std::string chain = {};       // to jump or go to

  auto operator<=>(const Verdict&) const = default;
};

enum class Action : std::uint8_t {
  kCounter,
  kNotrack,
  kKeepSource,  // source NAT to the source it has
  kMasquerade,
  kNotFromThere,  // goes on where no route to the destination leads to the link it came from
  kFromItsOwn,    // goes on where a route to the source leads to the link it came from
  kForThisHost,   // goes on where the destination is an address of this host
};

/// What we never write: a rule with it equals none of ours.
struct Unknown {
  std::string expression;  // the kernel's name for it

  auto operator<=>(const Unknown&) const = default;
};

using Statement = std::variant<Match, MarkChange, Verdict, Action, Unknown>;
using Statements = std::vector<Statement>;

}  // namespace overland::firewall::nft
