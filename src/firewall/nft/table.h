#pragma once
// Table `ip overland` as data, and what a policy looks like in it. Encoding is canonical
// (nft/statement.h).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/nft/statement.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// Chains without a hook and without rules in our table, named kMadePrefix + table [+ "-" + chain]:
/// they remember which tables and chains of iptables we had to make, so that remove() takes those
/// and no others.
inline constexpr std::string_view kMadePrefix = "made-";
std::string made_name(std::string_view table, std::string_view chain = "");

struct Set {
  std::string name;
  std::string type;       // "ipv4_addr", "ifname"
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

  /// Same name and hook; rules aside.
  [[nodiscard]] bool same_hook(const Chain& other) const;
};

/// What the sets hold: with the policy's scalars, all that varies between hosts.
struct Elements {
  std::map<std::string, std::vector<Range>> ranges;       // by set
  std::map<std::string, std::vector<std::string>> names;  // by set
};

struct Table {
  std::vector<Set> sets;          // by name
  std::vector<Chain> chains;      // by name; without the made-… ones
  std::vector<std::string> made;  // names of the made-… chains, sorted
  Elements elements;
  std::vector<std::string> spoilt;  // sentences: what only a table made anew is free of
  std::uint32_t owner = 0;          // see TableEntry
};

/// Throws kInvalid for a link name that is none, that nft(8) lists as a pattern ("eth*"), or that
/// our rules take for a set ("@x").
void check_link_names(const model::FirewallPolicy& policy);

/// The whole table for a policy; without made-… chains.
Table encode_table(const model::FirewallPolicy& policy);

/// The rules of our chain in a table of iptables: accept what carries the mark. Only expressions
/// that iptables-nft prints and edits.
std::vector<Statements> anchor_rules(std::uint32_t mark);

}  // namespace overland::firewall::nft
