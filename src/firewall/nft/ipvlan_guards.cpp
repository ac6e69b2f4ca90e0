#include "firewall/nft/ipvlan_guards.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.h"
#include "firewall/nft/commands.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/rule.h"
#include "firewall/nft/transaction.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

using model::IpvlanGuard;

const std::string kOurs(model::kNftTable);

/// Hook 0 of family netdev.
constexpr const char* kIngress = "prerouting";
constexpr const char* kInput = "input";
constexpr std::uint32_t kIpv4 = 0x0800;             // ETH_P_IP of linux/if_ether.h
constexpr std::uint32_t kEstablishedOrRelated = 6;  // NF_CT_STATE_BIT of nf_conntrack_common.h

std::uint8_t family_of(bool tracked) { return tracked ? kInetFamily : kNetdevFamily; }

Statements rule_of(const IpvlanGuard& guard) {
  Statements rule = {Match{Field::kInLink, guard.link}, Match{Field::kProtocol, kIpv4},
                     Match{Field::kDestination, ranges_of({guard.own})}};
  if (!guard.trusted.empty()) {
    rule.emplace_back(negated(Match{Field::kSource, ranges_of(guard.trusted)}));
  }
  if (guard.tracked) {
    rule.emplace_back(Match{Field::kState, 0U, false, kEstablishedOrRelated});
  }
  rule.emplace_back(Action::kCounter);
  rule.emplace_back(Verdict{Verdict::kDrop});
  return rule;
}

std::vector<model::Prefix> prefixes_in(const Match& match) {
  const auto* ranges = std::get_if<std::vector<Range>>(&match.value);
  return ranges == nullptr ? std::vector<model::Prefix>() : prefixes_of(*ranges);
}

std::optional<IpvlanGuard> guard_in(const Statements& rule, bool tracked) {
  IpvlanGuard guard;
  guard.tracked = tracked;
  for (const Statement& statement : rule) {
    const auto* match = std::get_if<Match>(&statement);
    if (match == nullptr) continue;
    if (match->field == Field::kInLink && std::holds_alternative<std::string>(match->value)) {
      guard.link = std::get<std::string>(match->value);
    }
    if (match->field == Field::kSource) guard.trusted = prefixes_in(*match);
    if (match->field != Field::kDestination) continue;
    const auto own = prefixes_in(*match);
    if (own.size() == 1) guard.own = own.front();
  }
  if (guard.link.empty() || guard.own == model::Prefix()) return std::nullopt;
  return guard;
}

Chain chain_of(const ChainEntry& entry, bool tracked) {
  Chain chain = {entry.name, "", "", 0, "", {}};
  if (!entry.hook || entry.hook->number != (tracked ? 1U : 0U)) return chain;
  chain =
      base_chain(entry.name.c_str(), "filter", tracked ? kInput : kIngress, entry.hook->priority);
  chain.device = entry.hook->device;
  if (entry.hook->policy_drop) chain.policy = "drop";
  return chain;
}

/// nullopt where there is no such table.
std::optional<std::vector<Chain>> chains_found(Dump& dump, bool tracked, bool& plain) {
  const std::uint8_t family = family_of(tracked);
  const auto tables = dump.tables(family);
  const auto ours = std::ranges::find(tables, kOurs, &TableEntry::name);
  if (ours == tables.end()) return std::nullopt;
  plain = ours->flags == 0;
  const AnonymousSet lists = [&](const std::string& set) -> std::optional<std::vector<Range>> {
    if (!set.starts_with("__set")) return std::nullopt;
    return ranges_of(prefixes_of(dump.ranges(kOurs, set, true, family).keys));
  };
  std::vector<Chain> chains;
  for (const ChainEntry& entry : dump.chains(family)) {
    if (entry.table != kOurs || entry.family != family) continue;
    Chain& chain = chains.emplace_back(chain_of(entry, tracked));
    for (const auto& expressions : dump.expressions(kOurs, entry.name, family)) {
      chain.rules.push_back(decode_rule(expressions, lists));
    }
  }
  std::ranges::sort(chains, {}, &Chain::name);
  return chains;
}

bool same(const std::vector<Chain>& one, const std::vector<Chain>& other) {
  return std::ranges::equal(one, other, [](const Chain& a, const Chain& b) {
    return a.same_hook(b) && a.rules == b.rules;
  });
}

void read_one(Dump& dump, bool tracked, GuardTables& result) {
  bool plain = true;
  const auto chains = chains_found(dump, tracked, plain);
  (tracked ? result.inet : result.netdev) = chains.has_value();
  if (!chains) return;
  auto guards = guards_in(*chains, tracked);
  if (guards.empty() || !plain || !same(*chains, guard_chains(guards, tracked))) {
    result.defects.push_back("table " + family_name(family_of(tracked)) +
                             " overland is not as we would write it");
  }
  result.guards.insert(result.guards.end(), guards.begin(), guards.end());
}

std::vector<IpvlanGuard> only(const std::vector<IpvlanGuard>& guards, bool tracked) {
  std::vector<IpvlanGuard> result;
  std::ranges::copy_if(guards, std::back_inserter(result),
                       [&](const IpvlanGuard& one) { return one.tracked == tracked; });
  return result;
}

}  // namespace

std::vector<Chain> guard_chains(const std::vector<IpvlanGuard>& guards, bool tracked) {
  std::vector<Chain> chains;
  for (const IpvlanGuard& guard : only(guards, tracked)) {
    const std::string device = tracked ? "" : guard.link;
    if (chains.empty() || chains.back().device != device) {
      const std::string name = "strangers-" + std::to_string(chains.size() + 1);
      chains.push_back(base_chain(name.c_str(), "filter", tracked ? kInput : kIngress, 0));
      chains.back().device = device;
    }
    chains.back().rules.push_back(rule_of(guard));
  }
  std::ranges::sort(chains, {}, &Chain::name);
  return chains;
}

std::vector<IpvlanGuard> guards_in(const std::vector<Chain>& chains, bool tracked) {
  std::vector<IpvlanGuard> guards;
  for (const Chain& chain : chains) {
    for (const Statements& rule : chain.rules) {
      if (auto guard = guard_in(rule, tracked)) guards.push_back(*std::move(guard));
    }
  }
  std::ranges::sort(guards);
  return guards;
}

GuardTables read_guard_tables() {
  GuardTables result;
  try {
    Dump dump;
    for (const bool tracked : {false, true}) read_one(dump, tracked, result);
    std::ranges::sort(result.guards);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
  return result;
}

std::vector<std::vector<Command>> guard_commands(const GuardTables& found,
                                                 const std::vector<IpvlanGuard>& wanted) {
  std::vector<std::vector<Command>> result;
  for (const bool tracked : {false, true}) {
    const bool there = tracked ? found.inet : found.netdev;
    const auto guards = only(wanted, tracked);
    if (there == !guards.empty() && found.defects.empty() &&
        guards == only(found.guards, tracked)) {
      continue;
    }
    if (!there && guards.empty()) continue;
    Commands commands(family_of(tracked));
    commands.add(kOurs);
    commands.remove(kOurs);
    if (!guards.empty()) commands.add(kOurs);
    for (const Chain& chain : guard_chains(guards, tracked)) {
      commands.add(kOurs, chain);
      commands.add_rules(kOurs, chain.name, chain.rules, false);
    }
    result.push_back(commands.take());
  }
  return result;
}

bool can_guard_links() {
  Commands commands(kNetdevFamily);
  const std::string table = kOurs + "-asks";
  Chain chain = base_chain("asks", "filter", kIngress, 0);
  chain.device = "lo";
  commands.add(table);
  commands.add(table, chain);
  commands.remove(table);
  try {
    carry_out(commands.take());
    return true;
  } catch (const base::Error& error) {
    // A kernel without the family says EOPNOTSUPP, one without its hook or chains ENOENT.
    if (error.errno_value() == ENOENT || error.kind() == base::ErrorKind::kUnsupported)
      return false;
    throw;
  }
}

}  // namespace overland::firewall::nft
