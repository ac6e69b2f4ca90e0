// The commands for anchors in nf_tables: see anchor_state.h.

#include <algorithm>
#include <cstdint>

#include "firewall/nft/anchor_state.h"
#include "firewall/nft/commands.h"
#include "firewall/nft/table.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

const std::string kOurs(model::kNftTable);

bool ours(const RuleEntry& rule) { return rule.jump.starts_with(model::kChainPrefix); }

bool plain_jump(const RuleEntry& rule) { return ours(rule) && rule.plain; }

bool wanted(const std::vector<AnchorSpot>& spots, const AnchorSpot& spot) {
  return std::ranges::any_of(
      spots, [&](const AnchorSpot& one) { return std::string_view(one.chain) == spot.chain; });
}

/// A base chain as iptables-nft makes it.
Chain chain_of(const AnchorSpot& spot) {
  constexpr int kFilter = 0;  // NF_IP_PRI_…
  constexpr int kRaw = -300;
  const std::string_view chain = spot.chain;
  if (chain == kForwardSpot.chain) return {spot.chain, "filter", "forward", kFilter, "accept", {}};
  if (chain == kInputSpot.chain) return {spot.chain, "filter", "input", kFilter, "accept", {}};
  if (chain == kPreroutingSpot.chain) {
    return {spot.chain, "filter", "prerouting", kRaw, "accept", {}};
  }
  return {spot.chain, "", "", 0, "", {}};
}

class Writer {
 public:
  explicit Writer(const AnchorState& state) : state_(state), look_(state.look) {}

  void put(const AnchorSpot& spot, const AnchorsSeen& seen, const Marks& marks) {
    make_place(spot);
    fill(spot, seen, marks);
    const std::vector<AnchorRule> rules = as_rules(look_.rules_at(spot), marks);
    // One for every packet is right where two marks are asked for, and costs those of nobody's.
    const bool slow = marks.size() == 1 && std::ranges::any_of(look_.rules_at(spot), plain_jump);
    if (jump_fault(spot, rules).empty() && !slow) return;
    remove_jumps(spot);
    std::vector<std::uint64_t> others;
    for (const RuleEntry& rule : look_.rules_at(spot)) {
      if (!ours(rule)) others.push_back(rule.handle);
    }
    const std::size_t place = place_of(spot, rules);
    commands_.put_rule(spot.table, spot.chain, jump_to(spot.target, marks),
                       place == 0 ? 0 : others.at(place - 1));
  }

  void remove_jumps(const AnchorSpot& spot) {
    for (const RuleEntry& rule : look_.rules_at(spot)) {
      if (ours(rule)) commands_.remove_rule(spot.table, spot.chain, rule.handle);
    }
  }

  void remove_strays() {
    for (const AnchorState::Stray& stray : state_.strays) {
      commands_.remove_rule(stray.table, stray.rule.chain, stray.rule.handle);
    }
  }

  /// Those of ours that none of `spots` leads to.
  void remove_chains(const std::vector<AnchorSpot>& spots) {
    for (const OwnChain& own : kOwnChains) {
      const auto leads = [&](const AnchorSpot& spot) {
        return std::string_view(own.name) == spot.target;
      };
      if (!state_.chains.contains(own.name) || std::ranges::any_of(spots, leads)) continue;
      commands_.flush_chain(own.table, own.name);
      commands_.remove_chain(own.table, own.name);
      gone_.emplace(own.table, own.name);
    }
  }

  /// A chain of iptables that we made, where nobody has come to use it: by a rule in it, by one
  /// that leads to it from wherever, by a policy.
  void remove_made(const AnchorSpot& spot) {
    const ChainEntry* chain = look_.chain(spot.table, spot.chain);
    const auto& rules = look_.rules_at(spot);
    if (chain == nullptr || !look_.made(spot.table, spot.chain)) return;
    if (chain->hook && chain->hook->policy_drop) return;
    if (chain->uses > rules.size() + led_there(spot.chain)) return;
    if (!std::ranges::all_of(rules, ours)) return;
    commands_.remove_chain(spot.table, spot.chain);
    commands_.remove_chain(kOurs, made_name(spot.table, spot.chain));
    gone_.emplace(spot.table, spot.chain);
    gone_.emplace(kOurs, made_name(spot.table, spot.chain));
  }

  void remove_made_table(const std::string& table) {
    const bool stays = std::ranges::any_of(look_.chains, [&](const ChainEntry& chain) {
      return chain.table == table && !gone_.contains({chain.table, chain.name});
    });
    if (look_.made(table) && !stays && look_.table(table) != nullptr) commands_.remove(table);
  }

  void remove_closed() {
    if (!look_.marked_closed()) return;
    commands_.flush_chain(kForwardSpot.table, kClosedChain);
    commands_.remove_chain(kForwardSpot.table, kClosedChain);
    gone_.emplace(kForwardSpot.table, kClosedChain);
  }

  void forget_made() {
    for (const ChainEntry& chain : look_.chains) {
      const bool policy = chain.name == closed_name(model::FirewallVariant::kNft) ||
                          chain.name == closed_name(model::FirewallVariant::kLegacy);
      const bool memory = chain.table == kOurs && chain.name.starts_with(kMadePrefix) && !policy;
      if (memory && !gone_.contains({kOurs, chain.name})) {
        commands_.remove_chain(kOurs, chain.name);
      }
    }
  }

  std::vector<Command> take() { return commands_.take(); }

 private:
  static std::vector<AnchorRule> as_rules(const std::vector<RuleEntry>& entries,
                                          const Marks& marks) {
    std::vector<AnchorRule> rules;
    for (const RuleEntry& rule : entries) rules.push_back(as_anchor_rule(rule, marks));
    return rules;
  }

  /// With what has to be made for it remembered in our table.
  void make_place(const AnchorSpot& spot) {
    if (look_.chain(spot.table, spot.chain) != nullptr) return;
    commands_.add(kOurs);
    if (look_.table(spot.table) == nullptr) {
      commands_.add(spot.table);
      commands_.add_chain(kOurs, made_name(spot.table));
    }
    commands_.add(spot.table, chain_of(spot));
    commands_.add_chain(kOurs, made_name(spot.table, spot.chain));
  }

  void fill(const AnchorSpot& spot, const AnchorsSeen& seen, const Marks& marks) {
    const auto there = seen.chains.find(spot.target);
    if (!filled_.insert(spot.target).second) return;
    if (there == seen.chains.end()) {
      commands_.add_chain(spot.table, spot.target);
    } else if (there->second.empty()) {
      return;
    } else {
      commands_.flush_chain(spot.table, spot.target);
    }
    commands_.add_rules(spot.table, spot.target, statements_of(spot.target, marks), true);
  }

  /// How many rules of our chains that go lead to `chain`.
  std::size_t led_there(std::string_view chain) const {
    std::size_t count = 0;
    for (const auto& [name, rules] : state_.chains) {
      if (!gone_.contains({kForwardSpot.table, name})) continue;
      for (const Statements& rule : rules) {
        count += static_cast<std::size_t>(std::ranges::count_if(rule, [&](const Statement& one) {
          const auto* verdict = std::get_if<Verdict>(&one);
          return verdict != nullptr && verdict->chain == chain;
        }));
      }
    }
    return count;
  }

  const AnchorState& state_;
  const Look& look_;
  Commands commands_;
  std::set<std::string> filled_;
  std::set<std::pair<std::string, std::string>> gone_;  // tables and chains
};

}  // namespace

std::vector<Command> put_commands(const AnchorState& state, const Places& places,
                                  const Marks& marks) {
  Writer writer(state);
  const std::vector<AnchorSpot> spots = spots_of(places);
  const AnchorsSeen seen = state.seen(marks);
  for (const AnchorSpot& spot : spots) writer.put(spot, seen, marks);
  for (const AnchorSpot& spot : kSpots) {
    if (!wanted(spots, spot)) writer.remove_jumps(spot);
  }
  writer.remove_strays();
  writer.remove_chains(spots);
  for (const AnchorSpot& spot : kSpots) {
    if (!wanted(spots, spot)) writer.remove_made(spot);
  }
  return writer.take();
}

std::vector<Command> removal_commands(const AnchorState& state,
                                      const std::set<std::string>& in_use) {
  Writer writer(state);
  for (const AnchorSpot& spot : kSpots) writer.remove_jumps(spot);
  writer.remove_strays();
  writer.remove_chains({});
  writer.remove_closed();
  for (const AnchorSpot& spot : kSpots) writer.remove_made(spot);
  for (const std::string table : {kForwardSpot.table, kPreroutingSpot.table}) {
    if (!in_use.contains(table)) writer.remove_made_table(table);
  }
  writer.forget_made();
  return writer.take();
}

}  // namespace overland::firewall::nft
