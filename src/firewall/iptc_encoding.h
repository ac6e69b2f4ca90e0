#pragma once
// The policy as chains of the three legacy tables. Pure.
//
//   raw     PREROUTING 1 → OVERLAND-RAW: clears our mark bit, then by link
//             → OVERLAND-IN  (to a local subnet) → OVERLAND-FROM (by peer)  ┐ ⇒ OVERLAND-SUBNET
//             → OVERLAND-OUT (from a local subnet) → OVERLAND-TO (by peer)  ┘   or OVERLAND-HOST:
//             … → OVERLAND-TRANSIT → OVERLAND-TRANSIT-TO ⇒ OVERLAND-PASS:      mark, ACCEPT
//   filter  DOCKER-USER 1 or FORWARD 1 → OVERLAND-FORWARD: the mark is accepted
//   nat     POSTROUTING 1 → OVERLAND-NAT: the mark from a local subnet keeps its source
//
// ⇒ is a goto: the first match ends the walk, so a packet costs its source's list plus its
// destination's, never their product, and filter and nat cost one rule whatever the peers' number.
// The bit is cleared first because a packet decapsulated from a trusted one still carries it.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "firewall/iptc_rule.h"
#include "model/firewall.h"

namespace overland::firewall::iptc {

/// Longer lists become ipsets: a linear walk of 1,000 rules leaves 9 % of the throughput.
inline constexpr std::size_t kMaxRules = 64;

inline constexpr const char* kDockerUserChain = "DOCKER-USER";
/// All our sets begin so; so does nothing else.
inline constexpr const char* kSetPrefix = "overland-";

/// Our chains below the entry chain of a table; the entry chains are in model/ownership.h.
inline constexpr const char* kInChain = "OVERLAND-IN";
inline constexpr const char* kOutChain = "OVERLAND-OUT";
inline constexpr const char* kFromChain = "OVERLAND-FROM";
inline constexpr const char* kToChain = "OVERLAND-TO";
inline constexpr const char* kSubnetChain = "OVERLAND-SUBNET";
inline constexpr const char* kHostChain = "OVERLAND-HOST";
inline constexpr const char* kTransitChain = "OVERLAND-TRANSIT";
inline constexpr const char* kTransitToChain = "OVERLAND-TRANSIT-TO";
inline constexpr const char* kPassChain = "OVERLAND-PASS";
inline constexpr const char* kOutsideChain = "OVERLAND-OUTSIDE";

struct TableRules {
  std::string anchor;  // foreign chain whose first rule jumps to `entry`
  std::string entry;
  std::map<std::string, Chain> chains;

  auto operator<=>(const TableRules&) const = default;
};

using PrefixSets = std::map<std::string, std::vector<model::Prefix>>;

struct Encoding {
  std::map<Table, TableRules> tables;  // all three
  PrefixSets sets;                     // hash:net, by name

  auto operator<=>(const Encoding&) const = default;
};

/// The one rule we put into a chain that is not ours.
Rule jump_to(const std::string& chain);

/// Throws kInvalid where a legacy rule cannot say it: a mark of other than one bit, a link name the
/// kernel has no room for; kUnsupported for IPv6 prefixes and for Docker's nftables backend.
Encoding encode(const model::FirewallPolicy& policy);

}  // namespace overland::firewall::iptc
