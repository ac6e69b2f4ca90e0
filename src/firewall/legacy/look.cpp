#include "firewall/legacy/look.h"

#include <algorithm>
#include <string_view>

#include "firewall/legacy/old_sets.h"
#include "model/ownership.h"

namespace overland::firewall::legacy {
namespace {

bool ours(std::string_view chain) { return chain.starts_with(model::kChainPrefix); }

bool is_place(const std::string& table, const std::string& chain) {
  return std::ranges::any_of(
      kSpots, [&](const AnchorSpot& spot) { return table == spot.table && chain == spot.chain; });
}

bool is_current(const std::string& table, const std::string& chain) {
  return std::ranges::any_of(
      kOwnChains, [&](const OwnChain& own) { return table == own.table && chain == own.name; });
}

void add(const std::string& table, const TableLook& look, const Marks& marks, AnchorsSeen& seen) {
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    const auto place = look.places.find(kSpots.at(i).chain);
    if (table != kSpots.at(i).table || place == look.places.end()) continue;
    seen.rules.at(i) = place->second;
  }
  for (const auto& [chain, rules] : look.own) {
    if (chain == kClosedChain && table == kForwardSpot.table) {
      seen.closed = true;
      continue;
    }
    if (chain == kMadeDockerUser) continue;
    if (is_current(table, chain)) {
      seen.chains[chain] = right(chain, rules, marks) ? "" : "holds other rules than ours";
    } else {
      seen.others.push_back("chain " + chain + " of legacy table " + table +
                            " is an earlier version's");
    }
  }
  for (const TableLook::Jump& jump : look.jumps) {
    if (is_place(table, jump.chain)) continue;
    seen.others.push_back(table + " " + jump.chain + " jumps to " + jump.target +
                          ", where it is of no use");
  }
}

}  // namespace

TableLook look_at(const Table& table) {
  TableLook look;
  for (const std::string& chain : table.chains()) {
    std::vector<Rule> rules = table.rules(chain);
    if (ours(chain)) {
      look.own[chain] = std::move(rules);
      continue;
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (ours(rules[i].target)) {
        look.jumps.push_back({chain, i, rules[i].target});
      } else {
        look.foreign_rules = true;
      }
    }
    if (is_place(table.name(), chain)) look.places[chain].assign(rules.begin(), rules.end());
  }
  return look;
}

bool right(const std::string& chain, const std::vector<Rule>& rules, const Marks& marks) {
  return std::ranges::equal(rules, rules_of(chain, marks), {}, &Rule::ours);
}

bool Look::foreign_rules() const {
  return std::ranges::any_of(tables, [](const auto& one) { return one.second.foreign_rules; });
}

AnchorsSeen Look::anchors(const Marks& marks) const {
  AnchorsSeen seen;
  for (const auto& [table, look] : tables) add(table, look, marks, seen);
  seen.forward_drops = glance.forward_drops;
  if (old_sets) seen.others.emplace_back("ipsets of an earlier version are left");
  return seen;
}

std::vector<std::string> remnants() {
  std::vector<std::string> result;
  const auto others = live_tables({"mangle", "security"});
  if (!others) return result;
  for (const std::string& name : *others) {
    for (const std::string& chain : Table(name).chains()) {
      if (ours(chain)) result.push_back("chain " + chain + " of legacy table " + name);
    }
  }
  return result;
}

Look look() {
  Look result;
  const auto tables = live_tables();
  if (!tables) return result;
  result.glance.usable = true;
  for (const std::string& name : *tables) {
    const Table table(name);
    TableLook found = look_at(table);
    if (name == kForwardSpot.table) {
      result.glance.forward_drops = table.drops(kForwardSpot.chain);
      result.glance.guarded = found.own.contains(kClosedChain);
      result.glance.docker_user = std::ranges::any_of(
          found.places[kForwardSpot.chain],
          [](const AnchorRule& rule) { return rule.target == kDockerUserSpot.chain; });
      result.glance.docker_chains =
          result.glance.docker_user || (table.has(kDockerUserSpot.chain) && table.has("DOCKER"));
    }
    result.tables.emplace(name, std::move(found));
  }
  result.old_sets = !old_sets().empty();
  return result;
}

}  // namespace overland::firewall::legacy
