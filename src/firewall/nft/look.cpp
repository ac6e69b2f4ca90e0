#include "firewall/nft/look.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "firewall/nft/table.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_IPV4 of linux/netfilter.h

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
  return glance;
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

Look look() {
  Look result;
  try {
    Dump dump;
    result.tables = dump.tables();
    result.usable = true;
    if (result.tables.empty()) return result;
    result.chains = dump.chains(kIpv4);
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
