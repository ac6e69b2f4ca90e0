#include "firewall/nft/look.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "firewall/nft/direct.h"
#include "firewall/nft/table.h"
#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

bool ours(std::string_view chain) { return chain.starts_with(model::kChainPrefix); }

bool foreign(const RuleEntry& rule) { return !ours(rule.jump); }

}  // namespace

const TableEntry* Look::table(std::string_view name) const {
  const auto found = std::ranges::find(tables, name, &TableEntry::name);
  return found == tables.end() ? nullptr : &*found;
}

const ChainEntry* Look::chain(std::string_view in, std::string_view name) const {
  const auto found = std::ranges::find_if(
      chains, [&](const ChainEntry& entry) { return entry.table == in && entry.name == name; });
  return found == chains.end() ? nullptr : &*found;
}

const std::vector<RuleEntry>& Look::rules_at(const AnchorSpot& spot) const {
  std::size_t index = 0;
  while (std::string_view(kSpots.at(index).chain) != spot.chain) ++index;
  return spots.at(index);
}

bool Look::made(std::string_view in, std::string_view name) const {
  return chain(model::kNftTable, made_name(in, name)) != nullptr;
}

Glance Look::glance() const {
  Glance glance;
  glance.usable = usable;
  // A DOCKER-USER alone says nothing about Docker: we make it, and so may anybody.
  glance.docker_user = std::ranges::any_of(rules_at(kForwardSpot), [](const RuleEntry& rule) {
    return rule.jump == kDockerUserSpot.chain;
  });
  glance.docker_chains = chain(kDockerUserSpot.table, kDockerUserSpot.chain) != nullptr &&
                         (glance.docker_user || chain("filter", "DOCKER") != nullptr);
  glance.docker_backend = std::ranges::any_of(
      chains, [](const ChainEntry& one) { return one.table == "docker-bridges"; });
  glance.ours = table(model::kNftTable) != nullptr;
  glance.forward_drops = forward_drops();
  glance.guarded = !closed().empty() || chain(model::kNftTable, kGuardChain) != nullptr;
  glance.direct_drop = chain(model::kNftTable, kDirectChain) != nullptr;
  return glance;
}

std::vector<model::FirewallVariant> Look::closed() const {
  std::vector<model::FirewallVariant> result;
  for (const auto variant : {model::FirewallVariant::kNft, model::FirewallVariant::kLegacy}) {
    const bool remembered = chain(model::kNftTable, closed_name(variant)) != nullptr;
    const bool marked = variant == model::FirewallVariant::kNft && marked_closed();
    if (remembered || marked) result.push_back(variant);
  }
  return result;
}

bool Look::marked_closed() const { return chain(kForwardSpot.table, kClosedChain) != nullptr; }

bool Look::forward_drops() const {
  const ChainEntry* forward = chain(kForwardSpot.table, kForwardSpot.chain);
  return forward != nullptr && forward->hook && forward->hook->policy_drop;
}

bool Look::foreign_rules() const {
  constexpr std::array<std::string_view, 5> kTables = {"filter", "nat", "raw", "mangle",
                                                       "security"};
  Dump dump;
  return std::ranges::any_of(chains, [&](const ChainEntry& chain) {
    const bool iptables = std::ranges::find(kTables, chain.table) != kTables.end();
    return iptables && !ours(chain.name) &&
           std::ranges::any_of(dump.rules(chain.table, chain.name), foreign);
  });
}

AnchorRule as_anchor_rule(const RuleEntry& rule, const Marks& marks) {
  const bool plain = rule.plain || (rule.mark != 0 && marks == Marks{rule.mark});
  return {rule.jump, plain, rule.goes, rule.returns, rule.decides};
}

std::vector<std::string> remnants() {
  Dump dump;
  std::vector<std::string> result = dump.tables_named(model::kNftTable);
  for (const ChainEntry& chain : dump.chains(0)) {
    if (!ours(chain.name)) continue;
    result.push_back("chain " + printable(chain.name) + " of table " + family_name(chain.family) +
                     " " + printable(chain.table));
  }
  return result;
}

Look look() {
  Look result;
  try {
    Dump dump;
    result.tables = dump.tables();
    result.usable = true;
    if (result.tables.empty()) return result;
    result.chains = dump.chains(kIpFamily);
    for (std::size_t i = 0; i < kSpots.size(); ++i) {
      const AnchorSpot& spot = kSpots.at(i);
      if (result.chain(spot.table, spot.chain) == nullptr) continue;
      result.spots.at(i) = dump.rules(spot.table, spot.chain);
    }
  } catch (const base::Error& error) {
    // Not an error here: this is the question.
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
  return result;
}

}  // namespace overland::firewall::nft
