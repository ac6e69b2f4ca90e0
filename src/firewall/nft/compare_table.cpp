#include "firewall/nft/compare_table.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "firewall/nft/direct.h"
#include "firewall/nft/forgers.h"
#include "firewall/nft/groups.h"
#include "firewall/nft/own.h"
#include "firewall/nft/tunnel.h"
#include "firewall/nft/ways_out.h"
#include "firewall/printable.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

const Set* find_set(const Table& table, std::string_view name) {
  for (const Set& set : table.sets) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

std::vector<model::Prefix> prefixes_in(const Table& table, const std::string& list) {
  return list_in(table, list).value_or(std::vector<model::Prefix>());
}

std::vector<std::string> names_in(const Table& table, const std::string& set) {
  const auto found = table.elements.names.find(set);
  if (found == table.elements.names.end()) return {};
  return found->second;
}

std::uint32_t mark_in(const Table& table) {
  const Chain* chain = table.chain("trusted-in");
  if (chain == nullptr) return 0;
  for (const Statements& rule : chain->rules) {
    for (const Statement& statement : rule) {
      const auto* change = std::get_if<MarkChange>(&statement);
      if (change != nullptr && change->toggled != 0 && change->kept == ~change->toggled) {
        return change->toggled;
      }
    }
  }
  return 0;
}

/// Trusted without being tracked; those around a tunnel's packets are no question of trust.
bool untracks(const Statements& rule) {
  const auto is_change = [](const Statement& one) {
    return std::holds_alternative<MarkChange>(one);
  };
  return std::ranges::any_of(rule, is_change) &&
         std::ranges::find(rule, Statement(Action::kNotrack)) != rule.end();
}

/// nullopt where the rules that would tell are gone.
std::optional<bool> conntrack_in(const Table& table) {
  const Chain* chain = table.chain("trusted-in");
  if (chain == nullptr || chain->rules.empty()) return std::nullopt;
  return std::ranges::none_of(chain->rules, untracks);
}

void compare_sets(const Table& found, const Table& expected, std::vector<std::string>& defects) {
  for (const Set& set : expected.sets) {
    const Set* there = find_set(found, set.name);
    if (there == nullptr) {
      defects.push_back("set " + set.name + " of table ip overland is missing");
    } else if (*there != set) {
      defects.push_back("set " + set.name + " of table ip overland has the wrong type");
    }
  }
  for (const Set& set : found.sets) {
    if (find_set(expected, set.name) == nullptr) {
      defects.push_back("set " + printable(set.name) + " in table ip overland is not ours");
    }
  }
}

/// "" where both hold the same rules in the same order.
std::string rule_difference(const std::vector<Statements>& found,
                            const std::vector<Statements>& expected) {
  if (found == expected) return "";
  const std::multiset<Statements> there(found.begin(), found.end());
  const std::multiset<Statements> wanted(expected.begin(), expected.end());
  if (there == wanted) return "has its rules in the wrong order";
  const bool lacks = !std::includes(there.begin(), there.end(), wanted.begin(), wanted.end());
  const bool more = !std::includes(wanted.begin(), wanted.end(), there.begin(), there.end());
  if (lacks && more) return "has rules that differ from ours";
  return lacks ? "lacks a rule" : "has a rule that is not ours";
}

void compare_chains(const Table& found, const Table& expected, std::vector<std::string>& defects) {
  for (const Chain& chain : expected.chains) {
    const std::string name = "chain " + chain.name + " of table ip overland ";
    const Chain* there = found.chain(chain.name);
    if (there == nullptr) {
      defects.push_back(name + "is missing");
      continue;
    }
    if (!there->same_hook(chain))
      defects.push_back(name + "has the wrong hook, priority or policy");
    const std::string difference = rule_difference(there->rules, chain.rules);
    if (!difference.empty()) defects.push_back(name + difference);
  }
  for (const Chain& chain : found.chains) {
    if (expected.chain(chain.name) == nullptr) {
      defects.push_back("chain " + printable(chain.name) + " in table ip overland is not ours");
    }
  }
}

}  // namespace

FirewallPolicy decode_policy(const Table& table, const FirewallPolicy& desired) {
  FirewallPolicy policy;
  policy.variant = desired.variant;
  policy.anchor = desired.anchor;
  policy.mark = mark_in(table);
  policy.conntrack = conntrack_in(table).value_or(desired.conntrack);
  if (table.chain(kGuardChain) != nullptr) policy.guard = model::FirewallGuard::kChain;
  policy.bridges = names_in(table, "bridges");
  policy.ingress = ingress_in(table);
  policy.local = prefixes_in(table, "local");
  policy.behind = behind_in(table);
  policy.closed = closed_in(table);
  policy.joins = joins_in(table);
  policy.peer_subnets = prefixes_in(table, "peer-subnets");
  policy.peer_hosts = prefixes_in(table, "peer-hosts");
  policy.transit = prefixes_in(table, "transit");
  policy.masquerades = masquerades_in(table);
  policy.stops_forgers = stops_forgers(table);
  policy.others = list_in(table, "others");
  policy.direct_drop = direct_drop_in(table);
  policy.tunnel = tunnel_in(table);
  return policy;
}

std::vector<std::string> find_defects(const Table& table, const FirewallPolicy& policy) {
  std::vector<std::string> defects = table.spoilt;
  const Table expected = encode_table(policy);
  compare_sets(table, expected, defects);
  compare_chains(table, expected, defects);
  return defects;
}

}  // namespace overland::firewall::nft
