#include "firewall/nft_compare.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "firewall/nft_address_sets.h"
#include "firewall/nft_ranges.h"
#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
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

FirewallAnchor anchor_in(const NftState& state, FirewallAnchor desired) {
  const bool docker = !state.jumps_at(kDockerUserSpot).empty();
  const bool forward = !state.jumps_at(kForwardSpot).empty();
  if (desired == FirewallAnchor::kDockerUser && docker) return desired;
  if (desired == FirewallAnchor::kForward && forward) return desired;
  if (docker) return FirewallAnchor::kDockerUser;
  if (forward) return FirewallAnchor::kForward;
  return desired;
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

void compare_spot(const NftState& state, const NftSpot& spot, std::uint32_t mark,
                  std::vector<std::string>& defects) {
  const std::string target = spot.target;
  const std::string place = std::string(spot.table) + " " + spot.chain;
  const auto& rules = state.rules_of(spot);
  if (!rules) {
    defects.push_back("chain " + target + " of table ip " + spot.table + " is missing");
  } else if (const std::string difference = rule_difference(*rules, anchor_rules(mark));
             !difference.empty()) {
    defects.push_back("chain " + target + " of table ip " + spot.table + " " + difference);
  }
  const std::size_t jumps = state.jumps_at(spot).size();
  if (jumps == 0) {
    defects.push_back("the jump from " + place + " to " + target + " is missing");
  } else if (jumps > 1) {
    defects.push_back(place + " jumps to " + target + " more than once");
  } else if (state.rules_at(spot).front().jump != target) {
    defects.push_back("the jump to " + target + " is not the first rule of " + place);
  } else if (state.rules_at(spot).front().goes) {
    defects.push_back(place + " goes to " + target + " and never comes back: what follows counts " +
                      "for nothing");
  } else if (!state.rules_at(spot).front().plain) {
    defects.push_back("the jump from " + place + " to " + target + " has a condition");
  }
}

void compare_unused_spots(const NftState& state, FirewallAnchor anchor,
                          std::vector<std::string>& defects) {
  const std::vector<NftSpot> used = spots_of(anchor);
  for (const NftSpot& spot : kSpots) {
    const bool wanted = std::any_of(used.begin(), used.end(), [&](const NftSpot& entry) {
      return std::string_view(entry.chain) == spot.chain;
    });
    if (!wanted && !state.jumps_at(spot).empty()) {
      defects.push_back(std::string(spot.table) + " " + spot.chain + " jumps to " + spot.target +
                        ", where it is of no use");
    }
  }
  if (anchor != FirewallAnchor::kDockerNft) return;
  for (const NftSpot& spot : {kForwardSpot, kPreroutingSpot}) {
    if (state.rules_of(spot)) {
      defects.push_back(std::string("chain ") + spot.target + " of table ip " + spot.table +
                        " is of no use beside Docker's nftables backend");
    }
  }
}

}  // namespace

FirewallPolicy decode_policy(const NftState& state, const FirewallPolicy& desired) {
  FirewallPolicy policy;
  policy.variant = model::FirewallVariant::kNft;
  policy.anchor = anchor_in(state, desired.anchor);
  if (!state.table) {
    policy.mark = desired.mark;
    policy.conntrack = desired.conntrack;
    return policy;
  }
  const NftTable& table = *state.table;
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

std::vector<std::string> find_defects(const NftState& state, const FirewallPolicy& policy) {
  std::vector<std::string> defects;
  if (!state.table) {
    defects.push_back("table ip overland is missing");
  } else {
    defects = state.table->spoilt;
    const NftTable expected = encode_table(policy);
    compare_sets(*state.table, expected, defects);
    compare_chains(*state.table, expected, defects);
  }
  for (const NftSpot& spot : spots_of(policy.anchor)) {
    compare_spot(state, spot, policy.mark, defects);
  }
  compare_unused_spots(state, policy.anchor, defects);
  for (const NftStray& stray : state.strays) {
    defects.push_back(stray.table + " " + printable(stray.rule.chain) + " jumps to " +
                      stray.rule.jump + ", where it is of no use");
  }
  return defects;
}

}  // namespace overland::firewall
