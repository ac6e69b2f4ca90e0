#include "firewall/nft_state.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>

#include "firewall/nft_address_sets.h"
#include "firewall/nft_numbers.h"
#include "firewall/nft_ranges.h"
#include "firewall/nft_rule.h"
#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t index_of(const NftSpot& spot) {
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    if (std::string_view(kSpots[i].chain) == spot.chain) return i;
  }
  return 0;
}

constexpr std::uint8_t kIpv4 = 2;        // NFPROTO_IPV4 of linux/netfilter.h
constexpr std::uint32_t kAnonymous = 1;  // NFT_SET_… of linux/netfilter/nf_tables.h
constexpr std::uint32_t kInterval = 4;

NftSet set_of(const NftSetEntry& entry) {
  const bool plain = (entry.flags & ~kInterval) == 0;
  const char* type = plain && entry.key_type == kAddressType    ? "ipv4_addr"
                     : plain && entry.key_type == kLinkNameType ? "ifname"
                                                                : "other";
  return {entry.name, type, (entry.flags & kInterval) != 0};
}

NftChain chain_of(const NftChainEntry& entry) {
  NftChain chain;
  chain.name = entry.name;
  if (!entry.hook) return chain;
  chain.type = entry.hook->type;
  chain.hook = entry.hook->number < kHookNames.size() ? kHookNames.at(entry.hook->number) : "other";
  chain.priority = entry.hook->priority;
  chain.policy = entry.hook->policy_drop ? "drop" : "accept";
  return chain;
}

std::vector<NftStatements> rules_in(NftDump& dump, const std::string& table,
                                    const std::string& chain,
                                    const std::vector<NftSetEntry>& sets) {
  const AnonymousSet anonymous =
      [&](const std::string& name) -> std::optional<std::vector<NftRange>> {
    for (const NftSetEntry& set : sets) {
      if (set.name != name || (set.flags & kAnonymous) == 0) continue;
      if (set.key_type != kAddressType) break;
      // Neighbours are one range there (NftBatch); a policy's lists are prefixes.
      return ranges_of(prefixes_of(dump.ranges(table, name, (set.flags & kInterval) != 0).keys));
    }
    return std::nullopt;
  };
  std::vector<NftStatements> rules;
  for (const auto& expressions : dump.expressions(table, chain)) {
    rules.push_back(decode_rule(expressions, anonymous));
  }
  return rules;
}

template <typename T>
void sort_by_name(std::vector<T>& items) {
  std::sort(items.begin(), items.end(),
            [](const T& left, const T& right) { return left.name < right.name; });
}

/// A hash set holds the first addresses of prefixes.
void widen(std::vector<NftRange>& ranges, std::uint8_t length) {
  const std::uint32_t host_bits = UINT32_MAX >> (length - 1U) >> 1U;
  for (NftRange& range : ranges) range.last = range.first + std::min(host_bits, ~range.first);
}

/// What stands in our table beside chains and sets, and how the table itself is.
void look_at_the_rest(NftDump& dump, const NftTableEntry& entry, NftTable& table) {
  const std::string name = "table ip " + entry.name + " ";
  if ((entry.flags & NFT_TABLE_F_DORMANT) != 0) {
    table.spoilt.push_back(name + "is dormant: no packet passes its chains");
  }
  if (entry.owner != 0) table.spoilt.push_back(name + "belongs to another program");
  table.owner = entry.owner;
  for (const std::string& other : dump.others(entry.name)) {
    table.spoilt.push_back(printable(other) + " in " + name + "is not ours");
  }
}

NftTable read_table(NftDump& dump, const NftTableEntry& of,
                    const std::vector<NftChainEntry>& chains) {
  const std::string ours(model::kNftTable);
  const std::vector<NftSetEntry> sets = dump.sets(ours);
  NftTable table;
  look_at_the_rest(dump, of, table);
  const auto require_plain = [&](const std::string& set, bool plain) {
    if (plain) return;
    table.spoilt.push_back("set " + printable(set) +
                           " of table ip overland has elements with conditions");
  };
  for (const NftSetEntry& entry : sets) {
    if ((entry.flags & kAnonymous) != 0) continue;
    const NftSet set = set_of(entry);
    if (set.type == "ipv4_addr") {
      auto held = dump.ranges(ours, set.name, set.interval);
      require_plain(set.name, held.plain);
      auto& ranges = table.elements.ranges[set.name];
      ranges = std::move(held.keys);
      if (!set.interval) widen(ranges, length_of(set.name).value_or(32));
    } else if (set.type == "ifname") {
      auto held = dump.names(ours, set.name);
      require_plain(set.name, held.plain);
      table.elements.names[set.name] = std::move(held.keys);
    }
    table.sets.push_back(set);
  }
  for (const NftChainEntry& entry : chains) {
    if (entry.table != ours) continue;
    if (entry.name.starts_with(kMadePrefix)) {
      table.made.push_back(entry.name);
      continue;
    }
    table.chains.push_back(chain_of(entry));
    table.chains.back().rules = rules_in(dump, ours, entry.name, sets);
  }
  sort_by_name(table.sets);
  sort_by_name(table.chains);
  std::sort(table.made.begin(), table.made.end());
  return table;
}

/// Only where a chain of ours is used more often than we know of: foreign tables can be long.
void find_strays(NftDump& dump, NftState& state) {
  for (const NftSpot& spot : {kForwardSpot, kPreroutingSpot}) {
    const NftChainEntry* chain = state.chain(spot.table, spot.target);
    if (chain == nullptr) continue;
    std::size_t known = state.rules_of(spot) ? state.rules_of(spot)->size() : 0;
    for (const NftSpot& one : kSpots) {
      if (std::string_view(one.target) == spot.target) known += state.jumps_at(one).size();
    }
    if (chain->uses <= known) continue;
    for (NftRuleEntry& rule : dump.rules(spot.table, "")) {
      const bool belongs = std::any_of(kSpots.begin(), kSpots.end(), [&](const NftSpot& one) {
        return one.chain == rule.chain && std::string_view(one.table) == spot.table;
      });
      if (rule.jump == spot.target && !belongs) state.strays.push_back({spot.table, rule});
    }
  }
}

}  // namespace

std::vector<NftSpot> spots_of(model::FirewallAnchor anchor) {
  switch (anchor) {
    case model::FirewallAnchor::kForward:
      return {kForwardSpot, kPreroutingSpot};
    case model::FirewallAnchor::kDockerUser:
      return {kDockerUserSpot, kPreroutingSpot};
    case model::FirewallAnchor::kDockerNft:
      break;
  }
  return {};
}

bool NftState::has_table(std::string_view name) const { return contains(tables, name); }

const NftChainEntry* NftState::chain(std::string_view in, std::string_view name) const {
  for (const NftChainEntry& entry : chains) {
    if (entry.table == in && entry.name == name) return &entry;
  }
  return nullptr;
}

const std::vector<NftRuleEntry>& NftState::rules_at(const NftSpot& spot) const {
  return spots[index_of(spot)];
}

const std::optional<std::vector<NftStatements>>& NftState::rules_of(const NftSpot& spot) const {
  return spot.target == model::kRawChain ? raw : forward;
}

std::vector<std::uint64_t> NftState::jumps_at(const NftSpot& spot) const {
  std::vector<std::uint64_t> handles;
  for (const NftRuleEntry& rule : rules_at(spot)) {
    if (rule.jump == spot.target) handles.push_back(rule.handle);
  }
  return handles;
}

bool NftState::jump_stands(const NftSpot& spot) const {
  const auto& rules = rules_at(spot);
  return jumps_at(spot).size() == 1 && rules.front().jump == spot.target && rules.front().plain &&
         !rules.front().goes;
}

bool NftState::ours() const { return table || forward || raw; }

NftState read_state() {
  const std::string ours(model::kNftTable);
  NftDump dump;
  NftState state;
  const std::vector<NftTableEntry> tables = dump.tables();
  if (tables.empty()) return state;
  for (const NftTableEntry& table : tables) state.tables.push_back(table.name);
  state.chains = dump.chains(kIpv4);
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    if (state.chain(kSpots[i].table, kSpots[i].chain) != nullptr) {
      state.spots[i] = dump.rules(kSpots[i].table, kSpots[i].chain);
    }
  }
  if (state.chain("filter", model::kForwardChain) != nullptr) {
    state.forward = rules_in(dump, "filter", std::string(model::kForwardChain), {});
  }
  if (state.chain("raw", model::kRawChain) != nullptr) {
    state.raw = rules_in(dump, "raw", std::string(model::kRawChain), {});
  }
  find_strays(dump, state);
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const NftTableEntry& table) { return table.name == ours; });
  if (found == tables.end()) return state;
  state.table = read_table(dump, *found, state.chains);
  for (const std::string& made : state.table->made) {
    const std::string table = made.substr(kMadePrefix.size());
    if (contains(state.tables, table) && !dump.sets(table).empty()) {
      state.with_sets.push_back(table);
    }
  }
  return state;
}

}  // namespace overland::firewall
