#pragma once
// Table `ip overland` as data, and what a policy looks like in it. Encoding is canonical
// (nft_statement.h).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/nft_statement.h"
#include "model/firewall.h"

namespace overland::firewall {

/// Chains without a hook and without rules in our table, named kMadePrefix + table [+ "-" + chain]:
/// they remember which tables and chains of iptables we had to make, so that remove() takes those
/// and no others.
inline constexpr std::string_view kMadePrefix = "made-";
std::string made_name(std::string_view table, std::string_view chain = "");

struct NftSet {
  std::string name;
  std::string type;       // "ipv4_addr", "ifname"
  bool interval = false;  // flag "interval"

  auto operator<=>(const NftSet&) const = default;
};

struct NftChain {
  std::string name;
  std::string type;  // empty: no base chain
  std::string hook;  // "prerouting", …
  int priority = 0;
  std::string policy;
  std::vector<NftStatements> rules;  // in order

  /// Same name and hook; rules aside.
  [[nodiscard]] bool same_hook(const NftChain& other) const;
};

/// What the sets hold: with the policy's scalars, all that varies between hosts.
struct NftElements {
  std::map<std::string, std::vector<NftRange>> ranges;    // by set
  std::map<std::string, std::vector<std::string>> names;  // by set
};

struct NftTable {
  std::vector<NftSet> sets;       // by name
  std::vector<NftChain> chains;   // by name; without the made-… ones
  std::vector<std::string> made;  // names of the made-… chains, sorted
  NftElements elements;
  std::vector<std::string> spoilt;  // sentences: what only a table made anew is free of
  std::uint32_t owner = 0;          // see NftTableEntry
};

/// Throws kInvalid for a link name that is none, that nft(8) lists as a pattern ("eth*"), or that
/// our rules take for a set ("@x").
void check_link_names(const model::FirewallPolicy& policy);

/// The whole table for a policy; without made-… chains.
NftTable encode_table(const model::FirewallPolicy& policy);

/// The rules of our chain in a table of iptables: accept what carries the mark. Only expressions
/// that iptables-nft prints and edits.
std::vector<NftStatements> anchor_rules(std::uint32_t mark);

}  // namespace overland::firewall
