#pragma once
// The chains of our own between which a packet is followed: each base chain tells that it came by.
// Pure.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace overland::firewall::follow {

/// NF_INET_… of linux/netfilter.h.
enum class At : std::uint8_t { kPrerouting, kInput, kForward, kOutput, kPostrouting };

struct Bracket {
  std::string name;  // of the chain
  At hook = At::kPrerouting;
  std::int32_t priority = 0;
  bool begins = false;  // what is to be followed starts here
  /// Of a legacy table's chain that stands right behind this bracket: who comes by here and by none
  /// after it was lost there. Empty: none does.
  std::string legacy_table = {};
  std::string legacy_chain = {};
};

/// The last of prerouting: behind it the way is chosen.
inline constexpr const char* kRouting = "routing";

/// The tables of iptables in which rules can drop.
const std::set<std::string>& dropping_tables();

/// `legacy`: those of them that live as legacy ones.
std::vector<Bracket> brackets(const std::set<std::string>& legacy);

}  // namespace overland::firewall::follow
