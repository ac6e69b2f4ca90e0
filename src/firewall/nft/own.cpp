#include "firewall/nft/own.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::Behind;
using model::ClosedNetwork;
using model::FirewallPolicy;
using model::Join;
using model::Prefix;

constexpr const char* kClosed = "closed";
constexpr const char* kJoined = "joined";
constexpr std::string_view kOwn = "own";

std::string own_set(std::uint8_t length) {
  return std::string(kOwn) + "-" + std::to_string(length);
}

std::string peers_list(std::size_t index) {
  return std::string(kClosed) + "-" + std::to_string(index + 1) + "-peers";
}

std::vector<Range> closed_ranges(const FirewallPolicy& policy) {
  std::vector<Prefix> all;
  for (const ClosedNetwork& one : policy.closed) {
    all.insert(all.end(), one.subnets.begin(), one.subnets.end());
  }
  return ranges_of(all);
}

std::vector<Range> joined_ranges(const FirewallPolicy& policy) {
  std::vector<Prefix> all;
  for (const Join& join : policy.joins) {
    for (const Behind* end : {&join.one, &join.other}) {
      all.insert(all.end(), end->subnets.begin(), end->subnets.end());
    }
  }
  return ranges_of(all);
}

/// Which senders there are, by the length of their prefixes.
std::map<std::uint8_t, std::vector<Sender>> senders_by_length(const FirewallPolicy& policy) {
  std::map<std::uint8_t, std::vector<Sender>> result;
  for (const Behind& one : policy.behind) {
    for (const Prefix& subnet : model::aggregate(one.subnets)) {
      result[subnet.length()].push_back(
          {one.link, {subnet.network().ipv4(), subnet.last().ipv4()}});
    }
  }
  for (auto& [length, senders] : result) std::sort(senders.begin(), senders.end());
  return result;
}

Chain plain_chain(const char* name) { return {name, "", "", 0, "", {}}; }

void trusted(Chain& chain, Statements rule, const FirewallPolicy& policy) {
  trust(rule, policy, policy.conntrack);
  chain.rules.push_back(std::move(rule));
}

/// What a group believes of the peers of closed networks; one empty beginning where it is all.
std::vector<Statements> believed_of(const Group& group) {
  if (!group.closed) return {{}};
  std::vector<Statements> result;
  for (const Match& from : senders(group, &Group::closed, {})) result.push_back({from});
  return result;
}

Chain closed_chain(const FirewallPolicy& policy, const Lists& lists) {
  Chain chain = plain_chain(kClosed);
  for (std::size_t i = 0; i < policy.closed.size(); ++i) {
    const ClosedNetwork& one = policy.closed[i];
    const auto own = ranges_of(one.subnets);
    const auto peers = address_sets(peers_list(i), one.peers);
    for (const Match& from : among(Field::kSource, peers)) {
      for (const Group& group : lists.groups) {
        for (const Statements& believed : believed_of(group)) {
          Statements rule = {Match{Field::kDestination, own}, group.arrives()};
          rule.insert(rule.end(), believed.begin(), believed.end());
          rule.emplace_back(from);
          trusted(chain, std::move(rule), policy);
        }
      }
    }
    for (const Match& to : among(Field::kDestination, peers)) {
      trusted(chain, {Match{Field::kInLink, one.link}, Match{Field::kSource, own}, to}, policy);
    }
  }
  return chain;
}

Chain joined_chain(const FirewallPolicy& policy) {
  Chain chain = plain_chain(kJoined);
  const auto add = [&](const Behind& from, const Behind& to) {
    trusted(chain,
            {Match{Field::kInLink, from.link}, Match{Field::kSource, ranges_of(from.subnets)},
             Match{Field::kDestination, ranges_of(to.subnets)}},
            policy);
  };
  for (const Join& join : policy.joins) {
    add(join.one, join.other);
    add(join.other, join.one);
  }
  return chain;
}

const Value* compared(const Statements& rule, Field field) {
  for (const Statement& statement : rule) {
    const auto* match = std::get_if<Match>(&statement);
    if (match != nullptr && match->field == field && !match->negated) return &match->value;
  }
  return nullptr;
}

/// The link and the subnets that `rule` lets send; nullopt where it names neither.
std::optional<Behind> sender_in(const Statements& rule) {
  const auto* link = std::get_if<std::string>(compared(rule, Field::kInLink));
  const auto* from = std::get_if<std::vector<Range>>(compared(rule, Field::kSource));
  if (link == nullptr || from == nullptr) return std::nullopt;
  return Behind{*link, prefixes_of(*from)};
}

const std::vector<Statements>& rules_of(const Table& table, const char* name) {
  static const std::vector<Statements> kNone;
  const Chain* chain = table.chain(name);
  return chain == nullptr ? kNone : chain->rules;
}

}  // namespace

std::vector<Statements> from_own(const FirewallPolicy& policy) {
  if (policy.behind.empty()) {
    return {{local_is(Field::kSource, policy.local),
             is_one_of(Field::kInLink, "bridges", policy.bridges)}};
  }
  std::vector<Statements> result;
  for (const auto& [length, senders] : senders_by_length(policy)) {
    const std::uint32_t mask = UINT32_MAX << (32U - length);
    result.push_back({Match{Field::kSender, SetName{own_set(length)}, false, mask}});
  }
  return result;
}

std::vector<Statements> own_jumps(const FirewallPolicy& policy) {
  std::vector<Statements> rules;
  if (!policy.closed.empty()) {
    for (const Field field : {Field::kDestination, Field::kSource}) {
      rules.push_back({Match{field, closed_ranges(policy)}, Verdict{Verdict::kJump, kClosed}});
    }
  }
  if (!policy.joins.empty()) {
    const auto joined = joined_ranges(policy);
    rules.push_back({Match{Field::kDestination, joined}, Match{Field::kSource, joined},
                     Verdict{Verdict::kJump, kJoined}});
  }
  return rules;
}

std::vector<Chain> own_chains(const FirewallPolicy& policy, const Lists& lists) {
  std::vector<Chain> chains;
  if (!policy.closed.empty()) chains.push_back(closed_chain(policy, lists));
  if (!policy.joins.empty()) chains.push_back(joined_chain(policy));
  return chains;
}

std::vector<Statements> own_sources_kept(const FirewallPolicy& policy) {
  std::vector<Statements> rules;
  // Marked is only what goes to a namesake, or to what is joined.
  if (!policy.closed.empty()) {
    rules.push_back({marked(policy.mark), Match{Field::kSource, closed_ranges(policy)},
                     Action::kCounter, Action::kKeepSource});
  }
  if (!policy.joins.empty()) {
    const auto joined = joined_ranges(policy);
    rules.push_back({marked(policy.mark), Match{Field::kSource, joined},
                     Match{Field::kDestination, joined}, Action::kCounter, Action::kKeepSource});
  }
  return rules;
}

Statements to_none_closed(const FirewallPolicy& policy) {
  Statements result;
  for (const ClosedNetwork& one : policy.closed) {
    result.emplace_back(Match{Field::kOutLink, one.link, true});
  }
  return result;
}

Statements not_for_closed(const FirewallPolicy& policy) {
  if (policy.closed.empty()) return {};
  return {negated(Match{Field::kDestination, closed_ranges(policy)})};
}

void add_own_sets(Table& table, const FirewallPolicy& policy) {
  for (auto& [length, senders] : senders_by_length(policy)) {
    table.sets.push_back({own_set(length), kSenderType, false});
    table.elements.senders[own_set(length)] = std::move(senders);
  }
  for (std::size_t i = 0; i < policy.closed.size(); ++i) {
    for (AddressSet& set : address_sets(peers_list(i), policy.closed[i].peers)) {
      table.sets.push_back({set.name, "ipv4_addr", !set.length});
      table.elements.ranges[set.name] = std::move(set.ranges);
    }
  }
}

bool is_of_senders(std::string_view set) { return length_of(set) && list_of(set) == kOwn; }

std::vector<Behind> behind_in(const Table& table) {
  std::map<std::string, std::vector<Prefix>> subnets;
  for (const auto& [set, senders] : table.elements.senders) {
    for (const Sender& one : senders) {
      for (const Prefix& prefix : prefixes_of({one.addresses})) {
        subnets[one.link].push_back(prefix);
      }
    }
  }
  std::vector<Behind> result;
  for (auto& [link, of] : subnets) result.push_back({link, model::aggregate(std::move(of))});
  return result;
}

std::vector<ClosedNetwork> closed_in(const Table& table) {
  std::set<ClosedNetwork> found;
  for (const Statements& rule : rules_of(table, kClosed)) {
    const auto from = sender_in(rule);
    const auto* to = std::get_if<SetName>(compared(rule, Field::kDestination));
    if (!from || to == nullptr) continue;
    found.insert({from->link, from->subnets,
                  list_in(table, list_of(to->name)).value_or(std::vector<Prefix>())});
  }
  return {found.begin(), found.end()};
}

std::vector<Join> joins_in(const Table& table) {
  using Way = std::pair<std::vector<Prefix>, std::vector<Prefix>>;  // from, to
  std::map<Way, std::string> links;                                 // of the senders
  for (const Statements& rule : rules_of(table, kJoined)) {
    const auto from = sender_in(rule);
    const auto* to = std::get_if<std::vector<Range>>(compared(rule, Field::kDestination));
    if (from && to != nullptr) links[{from->subnets, prefixes_of(*to)}] = from->link;
  }
  std::vector<Join> joins;
  for (const auto& [way, link] : links) {
    const auto back = links.find({way.second, way.first});
    if (back == links.end() || !(link < back->second)) continue;
    joins.push_back({{link, way.first}, {back->second, way.second}});
  }
  std::sort(joins.begin(), joins.end());
  return joins;
}

}  // namespace overland::firewall::nft
