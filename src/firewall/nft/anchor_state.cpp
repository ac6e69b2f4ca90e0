#include "firewall/nft/anchor_state.h"

#include <algorithm>
#include <cstdint>

#include "firewall/nft/matches.h"
#include "firewall/nft/rule.h"
#include "firewall/nft/table.h"
#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

bool belongs(const std::string& table, const RuleEntry& rule) {
  return std::ranges::any_of(kSpots, [&](const AnchorSpot& spot) {
    return rule.chain == spot.chain && table == spot.table;
  });
}

/// Only where a chain of ours is used more often than we know of: foreign tables can be long.
void find_strays(Dump& dump, AnchorState& state) {
  for (const OwnChain& own : kOwnChains) {
    const ChainEntry* chain = state.look.chain(own.table, own.name);
    if (chain == nullptr) continue;
    std::size_t known = state.chains.at(own.name).size();
    for (const AnchorSpot& one : kSpots) {
      known += static_cast<std::size_t>(std::ranges::count(
          state.look.rules_at(one), std::string_view(own.name), &RuleEntry::jump));
    }
    if (chain->uses <= known) continue;
    for (RuleEntry& rule : dump.rules(own.table, "")) {
      if (rule.jump != own.name || belongs(own.table, rule)) continue;
      state.strays.push_back({own.table, std::move(rule)});
    }
  }
}

}  // namespace

AnchorsSeen AnchorState::seen(const Marks& marks) const {
  AnchorsSeen result;
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    for (const RuleEntry& rule : look.spots.at(i)) {
      result.rules.at(i).push_back(as_anchor_rule(rule, marks));
    }
  }
  result.forward_drops = look.forward_drops();
  result.closed = look.marked_closed();
  for (const auto& [chain, rules] : chains) {
    result.chains[chain] =
        rules == statements_of(chain, marks) ? "" : "holds other rules than ours";
  }
  for (const Stray& stray : strays) {
    result.others.push_back(stray.table + " " + printable(stray.rule.chain) + " jumps to " +
                            stray.rule.jump + ", where it is of no use");
  }
  return result;
}

std::vector<Statements> statements_of(std::string_view chain, const Marks& marks) {
  std::vector<Statements> rules;
  for (const MarkRule& rule : rules_of(chain, marks)) rules.push_back(anchor_rule(rule));
  return rules;
}

Statements jump_to(const char* chain, const Marks& marks) {
  const Verdict jump = {Verdict::kJump, chain};
  if (marks.size() != 1) return {jump};
  return {marked(marks.front()), jump};
}

AnchorState read_anchors(Look look) {
  AnchorState state;
  state.look = std::move(look);
  Dump dump;
  for (const OwnChain& own : kOwnChains) {
    if (state.look.chain(own.table, own.name) == nullptr) continue;
    auto& rules = state.chains[own.name];
    for (const auto& expressions : dump.expressions(own.table, own.name)) {
      rules.push_back(decode_rule(expressions, [](const auto&) { return std::nullopt; }));
    }
  }
  find_strays(dump, state);
  return state;
}

std::set<std::string> made_with_sets(const Look& look) {
  std::set<std::string> result;
  Dump dump;
  for (const TableEntry& table : look.tables) {
    if (look.made(table.name) && !dump.sets(table.name).empty()) result.insert(table.name);
  }
  return result;
}

}  // namespace overland::firewall::nft
