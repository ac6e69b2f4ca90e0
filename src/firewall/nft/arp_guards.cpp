#include "firewall/nft/arp_guards.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.h"
#include "firewall/nft/commands.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/rule.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

using model::ArpGuard;

constexpr const char* kAnswers = "answers";
/// Hook 0 of the family: what comes in.
constexpr const char* kInput = "prerouting";
/// The middle of an ARP header: addresses of 6 and 4 bytes, a request.
constexpr std::uint32_t kRequest = 0x06040001;

const std::string kOurs(model::kNftTable);

Statements rule_of(const ArpGuard& guard) {
  return {Match{Field::kInLink, guard.link},
          Match{Field::kArpKind, std::vector<Range>{{kRequest, kRequest}}},
          negated(Match{Field::kArpSource, ranges_of({guard.range})}),
          negated(Match{Field::kArpTarget, ranges_of({model::Prefix(guard.address)})}),
          Action::kCounter,
          Verdict{Verdict::kDrop}};
}

/// The kernel answers for all addresses of the host on every link: the one below the shim would,
/// too.
Statements others_rule_of(const ArpGuard& guard) {
  return {negated(Match{Field::kInLink, guard.link}),
          Match{Field::kArpKind, std::vector<Range>{{kRequest, kRequest}}},
          Match{Field::kArpTarget, ranges_of({model::Prefix(guard.address)})}, Action::kCounter,
          Verdict{Verdict::kDrop}};
}

std::optional<model::Prefix> prefix_in(const Statements& rule, Field field) {
  for (const Statement& statement : rule) {
    const auto* match = std::get_if<Match>(&statement);
    if (match == nullptr || match->field != field) continue;
    const auto* ranges = std::get_if<std::vector<Range>>(&match->value);
    if (ranges == nullptr) continue;
    const auto prefixes = prefixes_of(*ranges);
    if (prefixes.size() == 1) return prefixes.front();
  }
  return std::nullopt;
}

std::optional<ArpGuard> guard_in(const Statements& rule) {
  if (rule.empty()) return std::nullopt;
  const auto* link = std::get_if<Match>(&rule.front());
  if (link == nullptr || link->field != Field::kInLink) return std::nullopt;
  const auto* name = std::get_if<std::string>(&link->value);
  const auto range = prefix_in(rule, Field::kArpSource);
  const auto address = prefix_in(rule, Field::kArpTarget);
  if (name == nullptr || !range || !address || address->length() != 32) return std::nullopt;
  return ArpGuard{*name, *range, address->network()};
}

}  // namespace

Chain arp_chain(const std::vector<ArpGuard>& guards) {
  Chain chain = base_chain(kAnswers, "filter", kInput, 0);
  for (const ArpGuard& guard : guards) {
    chain.rules.push_back(rule_of(guard));
    chain.rules.push_back(others_rule_of(guard));
  }
  return chain;
}

std::vector<ArpGuard> arp_guards_in(const Chain& chain) {
  std::vector<ArpGuard> guards;
  for (const Statements& rule : chain.rules) {
    if (auto guard = guard_in(rule)) guards.push_back(*std::move(guard));
  }
  std::sort(guards.begin(), guards.end());
  return guards;
}

ArpTable read_arp_table() {
  ArpTable result;
  Dump dump;
  const auto no_set = [](const std::string&) { return std::nullopt; };
  try {
    const auto tables = dump.tables(kArpFamily);
    const auto ours = std::find_if(tables.begin(), tables.end(),
                                   [](const TableEntry& one) { return one.name == kOurs; });
    if (ours == tables.end()) return result;
    result.there = true;
    std::vector<Chain> chains;
    for (const ChainEntry& entry : dump.chains(kArpFamily)) {
      if (entry.table != kOurs) continue;
      Chain& chain = chains.emplace_back(Chain{entry.name, "", "", 0, "", {}});
      if (entry.hook && entry.hook->number == 0) {
        chain = base_chain(entry.name.c_str(), "filter", kInput, entry.hook->priority);
        if (entry.hook->policy_drop) chain.policy = "drop";
      }
      for (const auto& expressions : dump.expressions(kOurs, entry.name, kArpFamily)) {
        chain.rules.push_back(decode_rule(expressions, no_set));
      }
    }
    for (const Chain& chain : chains) {
      if (chain.name == kAnswers) result.guards = arp_guards_in(chain);
    }
    const Chain wanted = arp_chain(result.guards);
    const bool same = ours->flags == 0 && chains.size() == 1 && chains.front().same_hook(wanted) &&
                      chains.front().rules == wanted.rules;
    if (!same) result.defects.emplace_back("table arp overland is not as we would write it");
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
  return result;
}

std::vector<Command> arp_commands(const ArpTable& found, const std::vector<ArpGuard>& wanted) {
  Commands commands(kArpFamily);
  const bool same = found.guards == wanted && found.defects.empty();
  if (same && found.there == !wanted.empty()) return {};
  commands.add(kOurs);
  commands.remove(kOurs);
  if (!wanted.empty()) {
    const Chain chain = arp_chain(wanted);
    commands.add(kOurs);
    commands.add(kOurs, chain);
    commands.add_rules(kOurs, chain.name, chain.rules, false);
  }
  return commands.take();
}

}  // namespace overland::firewall::nft
