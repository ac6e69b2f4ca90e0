#pragma once
// The base chains of others that a packet between two hosts comes through, in both kinds of tables,
// and all tables of others.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/nft/dump.h"
#include "firewall/trace/lower_links.h"
#include "firewall/trace/table.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

inline constexpr std::uint32_t kPreroutingHook = 0;  // NF_INET_… of linux/netfilter.h
inline constexpr std::uint32_t kInputHook = 1;       // only with a tunnel
inline constexpr std::uint32_t kForwardHook = 2;
inline constexpr std::uint32_t kOutputHook = 3;  // only with a tunnel
inline constexpr std::uint32_t kPostroutingHook = 4;
inline constexpr std::uint32_t kIngressHook = 5;  // at a link: of family inet, and of netdev
inline constexpr std::uint32_t kEgressHook = 6;   // likewise, of netdev alone; a number of ours
inline constexpr std::uint8_t kInet = 1;          // NFPROTO_… of linux/netfilter.h
inline constexpr std::uint8_t kIpv4 = 2;

struct ForeignTable {
  std::uint8_t family = kIpv4;
  std::string name;
  bool legacy = false;
  bool anchored = false;            // accepts of ours stand in it, or shall
  std::optional<TraceTable> rules;  // nullopt: `fault` says why
  std::string fault;

  /// One that iptables writes, or could write.
  [[nodiscard]] bool of_iptables() const;
  /// "ip filter", as nft's commands have it.
  [[nodiscard]] std::string nft_name() const;
  /// "table ip filter", "legacy table filter"
  [[nodiscard]] std::string title() const;
  /// "\"drop\" (handle 3) in chain c of table ip t"; handle 0: the chain's policy.
  [[nodiscard]] std::string place_of(const std::string& chain, std::uint64_t handle) const;
  /// The command that removes a rule.
  [[nodiscard]] std::string remove(const std::string& chain, std::uint64_t handle) const;
  /// The command that puts an accept of what carries `mark` before all other rules of a base chain.
  [[nodiscard]] std::string accept(const std::string& chain, std::uint32_t mark) const;
  /// The same for what goes to a UDP port.
  [[nodiscard]] std::string accept_port(const std::string& chain, std::uint16_t port) const;
  /// The same for what goes from one to the other; not in tables of iptables.
  [[nodiscard]] std::string accept_between(const std::string& chain, const model::Prefix& source,
                                           const model::Prefix& destination) const;
};

struct Stop {
  ForeignTable* table = nullptr;
  std::string chain;
  nft::Hook hook;
  bool anchored = false;  // our accept stands first: only what it does not let in comes further

  std::vector<LowerLink> beneath = {};  // of a chain at links that lie under those of a packet

  /// Whether its chain is one of this link.
  [[nodiscard]] bool at(const std::string& link) const;
  /// The link of its chain that lies under this one; nullptr: none.
  [[nodiscard]] const LowerLink* under(const std::string& link) const;
};

struct Way {
  std::vector<std::unique_ptr<ForeignTable>> tables;  // neither Docker's own nor ours, nor dormant
  std::vector<Stop> stops;                            // in the order packets come through
};

/// A packet is accepted where it meets our anchors; chains in which nothing can stand before them
/// are left out, and those at links that are neither among `links` nor beneath them. Throws where
/// nf_tables cannot be asked at all.
Way find_way(nft::Socket& socket, const model::FirewallPolicy& policy,
             const std::vector<std::string>& links);

}  // namespace overland::firewall::trace
