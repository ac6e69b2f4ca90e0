#include "firewall/nft/read_table.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cstdint>

#include "firewall/nft/address_sets.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/rule.h"
#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint32_t kAnonymous = 1;  // NFT_SET_… of linux/netfilter/nf_tables.h
constexpr std::uint32_t kInterval = 4;

Set set_of(const SetEntry& entry) {
  const bool plain = (entry.flags & ~kInterval) == 0;
  const char* type = plain && entry.key_type == kAddressType     ? "ipv4_addr"
                     : plain && entry.key_type == kLinkNameType  ? "ifname"
                     : plain && entry.key_type == kSenderKeyType ? kSenderType
                     : plain && entry.key_type == kPairKeyType   ? kPairType
                                                                 : "other";
  return {entry.name, type, (entry.flags & kInterval) != 0};
}

Chain chain_of(const ChainEntry& entry) {
  Chain chain;
  chain.name = entry.name;
  if (!entry.hook) return chain;
  chain.type = entry.hook->type;
  chain.hook = entry.hook->number < kHookNames.size() ? kHookNames.at(entry.hook->number) : "other";
  chain.priority = entry.hook->priority;
  chain.policy = entry.hook->policy_drop ? "drop" : "accept";
  return chain;
}

std::vector<Statements> rules_in(Dump& dump, const std::string& table, const std::string& chain,
                                 const std::vector<SetEntry>& sets) {
  const AnonymousSet anonymous = [&](const std::string& name) -> std::optional<std::vector<Range>> {
    for (const SetEntry& set : sets) {
      if (set.name != name || (set.flags & kAnonymous) == 0) continue;
      if (set.key_type != kAddressType) break;
      // Neighbours are one range there (Batch); a policy's lists are prefixes.
      return ranges_of(prefixes_of(dump.ranges(table, name, (set.flags & kInterval) != 0).keys));
    }
    return std::nullopt;
  };
  std::vector<Statements> rules;
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

/// A hash set holds the first address of a prefix.
void widen(Range& range, std::uint8_t length) {
  const std::uint32_t host_bits = UINT32_MAX >> (length - 1U) >> 1U;
  range.last = range.first + std::min(host_bits, ~range.first);
}

/// What stands in our table beside chains and sets, and how the table itself is.
void look_at_the_rest(Dump& dump, const TableEntry& entry, Table& table) {
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

bool remembers_uncut(const Set& set) {
  return set.name.starts_with(kUncutPrefix) && set.type == "ipv4_addr" && set.interval;
}

/// Elements of sets whose prefixes are of one length.
template <typename Key, typename Prefix>
std::vector<Key> with_whole(std::vector<Key> keys, Prefix Key::*prefix, const std::string& set) {
  for (Key& one : keys) widen(one.*prefix, length_of(set).value_or(32));
  return keys;
}

/// Of one named set that is not among those that remember what is uncut.
void read_elements(Dump& dump, const Set& set, Table& table) {
  const std::string ours(model::kNftTable);
  const auto plain = [&](auto held) {
    if (!held.plain) {
      table.spoilt.push_back("set " + printable(set.name) +
                             " of table ip overland has elements with conditions");
    }
    return std::move(held).keys;
  };
  Elements& elements = table.elements;
  if (set.type == "ipv4_addr") {
    auto& ranges = elements.ranges[set.name] = plain(dump.ranges(ours, set.name, set.interval));
    if (set.interval) return;
    for (Range& range : ranges) widen(range, length_of(set.name).value_or(32));
  } else if (set.type == "ifname") {
    elements.names[set.name] = plain(dump.names(ours, set.name));
  } else if (set.type == kSenderType) {
    elements.senders[set.name] =
        with_whole(plain(dump.senders(ours, set.name)), &Sender::addresses, set.name);
  } else if (set.type == kPairType) {
    elements.pairs[set.name] =
        with_whole(plain(dump.pairs(ours, set.name)), &Pair::inner, set.name);
  }
}

Table read(Dump& dump, const TableEntry& of, const std::vector<ChainEntry>& chains) {
  const std::string ours(model::kNftTable);
  const std::vector<SetEntry> sets = dump.sets(ours);
  Table table;
  look_at_the_rest(dump, of, table);
  for (const SetEntry& entry : sets) {
    if ((entry.flags & kAnonymous) != 0) continue;
    const Set set = set_of(entry);
    if (remembers_uncut(set)) {
      table.uncut[set.name] = dump.ranges(ours, set.name, true).keys;
    } else {
      read_elements(dump, set, table);
      table.sets.push_back(set);
    }
  }
  for (const ChainEntry& entry : chains) {
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
  std::ranges::sort(table.made);
  return table;
}

}  // namespace

Uncut read_uncut(const Look& look) {
  Uncut uncut;
  if (look.table(model::kNftTable) == nullptr) return uncut;
  const std::string ours(model::kNftTable);
  Dump dump;
  for (const SetEntry& entry : dump.sets(ours)) {
    const auto known = std::ranges::find_if(
        kUncutSets, [&](const UncutSet& one) { return entry.name == one.name; });
    if (known == kUncutSets.end() || !remembers_uncut(set_of(entry))) continue;
    uncut.*known->list = prefixes_of(dump.ranges(ours, entry.name, true).keys);
  }
  return uncut;
}

std::optional<Table> read_table(const Look& look) {
  const TableEntry* found = look.table(model::kNftTable);
  if (found == nullptr) return std::nullopt;
  Dump dump;
  return read(dump, *found, look.chains);
}

}  // namespace overland::firewall::nft
