#pragma once
// Table `ip overland` as data, and what a policy looks like in it. Encoding is canonical
// (nft/statement.h).

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/anchors.h"
#include "firewall/flows.h"
#include "firewall/nft/statement.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// Chains without a hook and without rules in our table, named kMadePrefix + table [+ "-" + chain]:
/// they remember which tables and chains of iptables we had to make, so that remove() takes those
/// and no others.
inline constexpr std::string_view kMadePrefix = "made-";
std::string made_name(std::string_view table, std::string_view chain = "");

/// One more kind of them remembers where FORWARD has its policy DROP from us.
std::string closed_name(model::FirewallVariant variant);
inline constexpr const char* kGuardChain = "guard";

/// Sets no rule asks remember whose flows are still to be cut: "uncut-subnets" and the like.
inline constexpr std::string_view kUncutPrefix = "uncut-";
struct UncutSet {
  const char* name;
  std::vector<model::Prefix> Uncut::*list;
};
inline constexpr std::array kUncutSets = {
    UncutSet{"uncut-local", &Uncut::local}, UncutSet{"uncut-subnets", &Uncut::subnets},
    UncutSet{"uncut-hosts", &Uncut::hosts}, UncutSet{"uncut-transit", &Uncut::transit}};

/// As nft(8) has the type of a set of senders.
inline constexpr const char* kSenderType = "ifname . ipv4_addr";
/// And of one of outer and inner sources: that of its elements.
inline constexpr const char* kPairType = "typeof ip saddr . @th,336,32";

struct Set {
  std::string name;
  std::string type;       // "ipv4_addr", "ifname", kSenderType, kPairType
  bool interval = false;  // flag "interval"

  auto operator<=>(const Set&) const = default;
};

struct Chain {
  std::string name;
  std::string type;  // empty: no base chain
  std::string hook;  // "prerouting", …
  int priority = 0;
  std::string policy;
  std::vector<Statements> rules;  // in order
  std::string device = {};        // of family netdev

  /// Same name and hook; rules aside.
  [[nodiscard]] bool same_hook(const Chain& other) const;
};

/// What the sets hold: with the policy's scalars, all that varies between hosts.
struct Elements {
  std::map<std::string, std::vector<Range>> ranges;       // by set
  std::map<std::string, std::vector<std::string>> names;  // by set
  std::map<std::string, std::vector<Sender>> senders;     // by set
  std::map<std::string, std::vector<Pair>> pairs;         // by set
};

struct Table {
  std::vector<Set> sets;                            // by name
  std::vector<Chain> chains;                        // by name; without the made-… ones
  std::vector<std::string> made;                    // names of the made-… chains, sorted
  std::map<std::string, std::vector<Range>> uncut;  // what the uncut-… sets hold, which `sets` lack
  Elements elements;
  std::vector<std::string> spoilt;  // sentences: what only a table made anew is free of
  std::uint32_t owner = 0;          // see TableEntry

  /// nullptr where there is none.
  [[nodiscard]] const Chain* chain(std::string_view name) const;
};

/// Throws kInvalid for a link name that is none, that nft(8) lists as a pattern ("eth*"), or that
/// our rules take for a set ("@x").
void check_link_names(const model::FirewallPolicy& policy);

/// The whole table for a policy; without made-… chains.
Table encode_table(const model::FirewallPolicy& policy);

/// A rule of a chain of ours in a table of iptables. Only expressions that iptables-nft prints and
/// edits.
Statements anchor_rule(const MarkRule& rule);

}  // namespace overland::firewall::nft
