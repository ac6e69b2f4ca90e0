#include "firewall/nft/compare_table.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "firewall/nft_address_sets.h"
#include "firewall/nft_ranges.h"
#include "firewall/printable.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

const NftChain* find_chain(const NftTable& table, std::string_view name) {
  for (const NftChain& chain : table.chains) {
    if (chain.name == name) return &chain;
  }
  return nullptr;
}

const NftSet* find_set(const NftTable& table, std::string_view name) {
  for (const NftSet& set : table.sets) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

/// Of all sets the list is kept in.
std::vector<model::Prefix> prefixes_in(const NftTable& table, std::string_view list) {
  std::vector<NftRange> all;
  for (const auto& [set, ranges] : table.elements.ranges) {
    if (list_of(set) == list) all.insert(all.end(), ranges.begin(), ranges.end());
  }
  return prefixes_of(all);
}

std::vector<std::string> names_in(const NftTable& table, const std::string& set) {
  const auto found = table.elements.names.find(set);
  if (found == table.elements.names.end()) return {};
  return found->second;
}

/// What the first plain match of `field` compares with; null where there is none.
const NftValue* matched(const NftStatements& rule, NftField field) {
  for (const NftStatement& statement : rule) {
    const auto* match = std::get_if<NftMatch>(&statement);
    if (match != nullptr && match->field == field && !match->negated && match->mask == UINT32_MAX) {
      return &match->value;
    }
  }
  return nullptr;
}

std::uint32_t mark_in(const NftTable& table) {
  const NftChain* chain = find_chain(table, "trusted-in");
  if (chain == nullptr) return 0;
  for (const NftStatements& rule : chain->rules) {
    for (const NftStatement& statement : rule) {
      const auto* change = std::get_if<NftMarkChange>(&statement);
      if (change != nullptr && change->toggled != 0 && change->kept == ~change->toggled) {
        return change->toggled;
      }
    }
  }
  return 0;
}

/// nullopt where the rules that would tell are gone.
std::optional<bool> conntrack_in(const NftTable& table) {
  const NftChain* chain = find_chain(table, "trusted-in");
  if (chain == nullptr || chain->rules.empty()) return std::nullopt;
  return std::none_of(chain->rules.begin(), chain->rules.end(), [](const NftStatements& rule) {
    return std::find(rule.begin(), rule.end(), NftStatement(NftAction::kNotrack)) != rule.end();
  });
}

/// The links and sources of the rules for what leaves.
std::vector<model::Masquerade> leaving_in(const NftTable& table, std::string_view name) {
  std::vector<model::Masquerade> result;
  const NftChain* chain = find_chain(table, name);
  if (chain == nullptr) return result;
  for (const NftStatements& rule : chain->rules) {
    const auto* link = std::get_if<std::string>(matched(rule, NftField::kOutLink));
    const NftValue* sources = matched(rule, NftField::kSource);
    if (link == nullptr || sources == nullptr) continue;
    const auto* ranges = std::get_if<std::vector<NftRange>>(sources);
    result.push_back(
        {*link, ranges == nullptr ? std::vector<model::Prefix>() : prefixes_of(*ranges)});
  }
  return result;
}

std::vector<model::Masquerade> masquerades_in(const NftTable& table) {
  const std::vector<model::Masquerade> translated = leaving_in(table, "masquerade");
  std::vector<model::Masquerade> result = translated;
  for (model::Masquerade& entry : leaving_in(table, "masqueraded")) {
    if (std::any_of(translated.begin(), translated.end(),
                    [&](const model::Masquerade& one) { return one.link == entry.link; })) {
      continue;
    }
    entry.translated = false;
    result.push_back(std::move(entry));
  }
  std::sort(result.begin(), result.end());
  return result;
}

void compare_sets(const NftTable& found, const NftTable& expected,
                  std::vector<std::string>& defects) {
  for (const NftSet& set : expected.sets) {
    const NftSet* there = find_set(found, set.name);
    if (there == nullptr) {
      defects.push_back("set " + set.name + " of table ip overland is missing");
    } else if (*there != set) {
      defects.push_back("set " + set.name + " of table ip overland has the wrong type");
    }
  }
  for (const NftSet& set : found.sets) {
    if (find_set(expected, set.name) == nullptr) {
      defects.push_back("set " + printable(set.name) + " in table ip overland is not ours");
    }
  }
}

/// "" where both hold the same rules in the same order.
std::string rule_difference(const std::vector<NftStatements>& found,
                            const std::vector<NftStatements>& expected) {
  if (found == expected) return "";
  const std::multiset<NftStatements> there(found.begin(), found.end());
  const std::multiset<NftStatements> wanted(expected.begin(), expected.end());
  if (there == wanted) return "has its rules in the wrong order";
  const bool lacks = !std::includes(there.begin(), there.end(), wanted.begin(), wanted.end());
  const bool more = !std::includes(wanted.begin(), wanted.end(), there.begin(), there.end());
  if (lacks && more) return "has rules that differ from ours";
  return lacks ? "lacks a rule" : "has a rule that is not ours";
}

void compare_chains(const NftTable& found, const NftTable& expected,
                    std::vector<std::string>& defects) {
  for (const NftChain& chain : expected.chains) {
    const std::string name = "chain " + chain.name + " of table ip overland ";
    const NftChain* there = find_chain(found, chain.name);
    if (there == nullptr) {
      defects.push_back(name + "is missing");
      continue;
    }
    if (!there->same_hook(chain))
      defects.push_back(name + "has the wrong hook, priority or policy");
    const std::string difference = rule_difference(there->rules, chain.rules);
    if (!difference.empty()) defects.push_back(name + difference);
  }
  for (const NftChain& chain : found.chains) {
    if (find_chain(expected, chain.name) == nullptr) {
      defects.push_back("chain " + printable(chain.name) + " in table ip overland is not ours");
    }
  }
}

}  // namespace

FirewallPolicy decode_policy(const NftTable& table, const FirewallPolicy& desired) {
  FirewallPolicy policy;
  policy.variant = desired.variant;
  policy.anchor = desired.anchor;
  policy.mark = mark_in(table);
  policy.conntrack = conntrack_in(table).value_or(desired.conntrack);
  policy.bridges = names_in(table, "bridges");
  policy.underlay_links = names_in(table, "underlay");
  policy.local = prefixes_in(table, "local");
  policy.peer_subnets = prefixes_in(table, "peer-subnets");
  policy.peer_hosts = prefixes_in(table, "peer-hosts");
  policy.transit = prefixes_in(table, "transit");
  policy.masquerades = masquerades_in(table);
  return policy;
}

std::vector<std::string> find_defects(const NftTable& table, const FirewallPolicy& policy) {
  std::vector<std::string> defects = table.spoilt;
  const NftTable expected = encode_table(policy);
  compare_sets(table, expected, defects);
  compare_chains(table, expected, defects);
  return defects;
}

}  // namespace overland::firewall::nft
