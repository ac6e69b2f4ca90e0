#include "firewall/nft_write.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "firewall/nft_ranges.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;

const std::string kOurs(model::kNftTable);

/// A base chain as iptables-nft makes it, in every table of iptables we use.
struct IptablesChain {
  const char* hook;
  int priority;
};

constexpr IptablesChain kForward = {"forward", 0};           // NF_IP_PRI_FILTER
constexpr IptablesChain kPrerouting = {"prerouting", -300};  // NF_IP_PRI_RAW

class Commands {
 public:
  void add(const std::string& table) { push(NftVerb::kAdd, table, std::monostate{}); }
  void remove(const std::string& table) { push(NftVerb::kDelete, table, std::monostate{}); }
  void add(const std::string& table, NftSet set) { push(NftVerb::kAdd, table, std::move(set)); }
  /// The chain alone.
  void add(const std::string& table, const NftChain& chain) {
    push(NftVerb::kAdd, table,
         NftChain{chain.name, chain.type, chain.hook, chain.priority, chain.policy, {}});
  }
  void add_chain(const std::string& table, const std::string& name) { add(table, named(name)); }
  void flush_chain(const std::string& table, const std::string& name) {
    push(NftVerb::kFlush, table, named(name));
  }
  void remove_chain(const std::string& table, const std::string& name) {
    push(NftVerb::kDelete, table, named(name));
  }
  void add(const std::string& table, NftRule rule) { push(NftVerb::kAdd, table, std::move(rule)); }
  void insert(const std::string& table, NftRule rule) {
    push(NftVerb::kInsert, table, std::move(rule));
  }
  void remove_rule(const std::string& table, const std::string& chain, std::uint64_t handle) {
    push(NftVerb::kDelete, table, NftRule{chain, {}, false, handle});
  }
  void change_members(NftVerb verb, NftMembers members) {
    if (!members.ranges.empty() || !members.names.empty()) push(verb, kOurs, std::move(members));
  }

  [[nodiscard]] std::vector<NftCommand> take() { return std::move(commands_); }

 private:
  static NftChain named(const std::string& name) { return {name, "", "", 0, "", {}}; }

  template <typename Object>
  void push(NftVerb verb, const std::string& table, Object object) {
    commands_.push_back({verb, table, std::move(object)});
  }

  std::vector<NftCommand> commands_;
};

void add_rules(Commands& commands, const std::string& table, const std::string& chain,
               const std::vector<NftStatements>& rules, bool comment) {
  for (const NftStatements& rule : rules) commands.add(table, NftRule{chain, rule, comment, 0});
}

template <typename T>
std::vector<T> elements_in(const std::map<std::string, std::vector<T>>& sets,
                           const std::string& name) {
  const auto found = sets.find(name);
  return found == sets.end() ? std::vector<T>() : found->second;
}

void change_elements(Commands& commands, const NftElements& from, const NftTable& to) {
  for (const NftSet& set : to.sets) {
    auto ranges =
        delta(elements_in(from.ranges, set.name), elements_in(to.elements.ranges, set.name));
    auto names = delta(elements_in(from.names, set.name), elements_in(to.elements.names, set.name));
    commands.change_members(NftVerb::kDelete, {set, std::move(ranges.gone), std::move(names.gone)});
    commands.change_members(NftVerb::kAdd, {set, std::move(ranges.added), std::move(names.added)});
  }
}

/// Our table from nothing, in place of whatever stands there.
void write_whole(Commands& commands, const NftTable& wanted, const std::vector<std::string>& made) {
  commands.add(kOurs);
  commands.remove(kOurs);
  commands.add(kOurs);
  for (const NftSet& set : wanted.sets) commands.add(kOurs, set);
  change_elements(commands, {}, wanted);
  for (const NftChain& chain : wanted.chains) {
    commands.add(kOurs, chain);
    add_rules(commands, kOurs, chain.name, chain.rules, false);
  }
  for (const std::string& name : made) commands.add_chain(kOurs, name);
}

/// The kernel lets nobody else change such a table, nor remove it.
void refuse_owned(const NftState& state) {
  if (!state.table || state.table->owner == 0) return;
  throw base::Error(base::ErrorKind::kInvalid,
                    "table ip overland belongs to another program (netlink port " +
                        std::to_string(state.table->owner) +
                        "), which alone may change it; end that program");
}

/// True where sets and chains are all there as wanted, rules and elements aside.
bool same_structure(const NftTable& found, const NftTable& wanted) {
  return found.spoilt.empty() && found.sets == wanted.sets &&
         std::equal(found.chains.begin(), found.chains.end(), wanted.chains.begin(),
                    wanted.chains.end(),
                    [](const NftChain& a, const NftChain& b) { return a.same_hook(b); });
}

void write_table(Commands& commands, const NftState& state, const NftTable& wanted,
                 std::vector<std::string> made, WriteMode mode) {
  const std::vector<std::string> remembered =
      state.table ? state.table->made : std::vector<std::string>();
  made.insert(made.end(), remembered.begin(), remembered.end());
  std::sort(made.begin(), made.end());
  made.erase(std::unique(made.begin(), made.end()), made.end());
  if (mode == WriteMode::kWhole || !state.table || !same_structure(*state.table, wanted)) {
    write_whole(commands, wanted, made);
    return;
  }
  change_elements(commands, state.table->elements, wanted);
  for (std::size_t i = 0; i < wanted.chains.size(); ++i) {
    const NftChain& chain = wanted.chains[i];
    if (state.table->chains[i].rules == chain.rules) continue;
    commands.flush_chain(kOurs, chain.name);
    add_rules(commands, kOurs, chain.name, chain.rules, false);
  }
  for (const std::string& name : delta(remembered, made).added) {
    commands.add_chain(kOurs, name);
  }
}

std::string made_name(const std::string& table, const std::string& chain = "") {
  return std::string(kMadePrefix) + table + (chain.empty() ? "" : "-" + chain);
}

/// What of iptables' own has to be made first for a spot; the names for our memory.
std::vector<std::string> missing_for(const NftState& state, const NftSpot& spot) {
  std::vector<std::string> result;
  if (!state.has_table(spot.table)) result.push_back(made_name(spot.table));
  if (state.chain(spot.table, spot.chain) == nullptr) {
    result.push_back(made_name(spot.table, spot.chain));
  }
  return result;
}

void make_spot(Commands& commands, const NftState& state, const NftSpot& spot) {
  if (!state.has_table(spot.table)) commands.add(spot.table);
  if (state.chain(spot.table, spot.chain) != nullptr) return;
  NftChain chain = {spot.chain, "", "", 0, "", {}};
  if (std::string_view(spot.chain) != kDockerUserSpot.chain) {
    const IptablesChain& base = spot.table == std::string_view("raw") ? kPrerouting : kForward;
    chain = {spot.chain, "filter", base.hook, base.priority, "accept", {}};
  }
  commands.add(spot.table, chain);
}

void remove_jumps(Commands& commands, const NftState& state, const NftSpot& spot) {
  for (const std::uint64_t handle : state.jumps_at(spot)) {
    commands.remove_rule(spot.table, spot.chain, handle);
  }
}

void remove_strays(Commands& commands, const NftState& state) {
  for (const NftStray& stray : state.strays) {
    commands.remove_rule(stray.table, stray.rule.chain, stray.rule.handle);
  }
}

void write_spot(Commands& commands, const NftState& state, const NftSpot& spot,
                std::uint32_t mark) {
  make_spot(commands, state, spot);
  const std::vector<NftStatements> rules = anchor_rules(mark);
  const auto& there = state.rules_of(spot);
  if (!there) {
    commands.add_chain(spot.table, spot.target);
  } else if (*there != rules) {
    commands.flush_chain(spot.table, spot.target);
  }
  if (!there || *there != rules) {
    add_rules(commands, spot.table, spot.target, rules, true);
  }
  if (state.jump_stands(spot)) return;
  remove_jumps(commands, state, spot);
  commands.insert(spot.table,
                  NftRule{spot.chain, {NftVerdict{NftVerdict::kJump, spot.target}}, true, 0});
}

bool uses(const std::vector<NftSpot>& spots, const NftSpot& spot) {
  return std::any_of(spots.begin(), spots.end(), [&](const NftSpot& entry) {
    return std::string_view(entry.chain) == spot.chain;
  });
}

void remove_anchor_chains(Commands& commands, const NftState& state) {
  for (const NftSpot& spot : {kForwardSpot, kPreroutingSpot}) {
    if (!state.rules_of(spot)) continue;
    commands.flush_chain(spot.table, spot.target);
    commands.remove_chain(spot.table, spot.target);
  }
}

/// A chain of iptables that we made and that nobody has come to use.
bool removable(const NftState& state, const NftSpot& spot) {
  const auto& made = state.table->made;
  if (std::find(made.begin(), made.end(), made_name(spot.table, spot.chain)) == made.end()) {
    return false;
  }
  const NftChainEntry* chain = state.chain(spot.table, spot.chain);
  if (chain == nullptr || (chain->hook && chain->hook->policy_drop)) return false;
  if (state.rules_at(spot).size() != state.jumps_at(spot).size()) return false;
  const auto& callers = state.rules_at(kForwardSpot);
  return std::none_of(callers.begin(), callers.end(),
                      [&](const NftRuleEntry& rule) { return rule.jump == spot.chain; });
}

void remove_made(Commands& commands, const NftState& state) {
  std::vector<std::pair<std::string, std::string>> going;
  for (const NftSpot& spot : kSpots) {
    if (state.rules_of(spot)) going.emplace_back(spot.table, spot.target);
    if (!removable(state, spot)) continue;
    commands.remove_chain(spot.table, spot.chain);
    going.emplace_back(spot.table, spot.chain);
  }
  const auto& made = state.table->made;
  for (const char* table : {"filter", "raw"}) {
    const bool stays =
        std::any_of(state.chains.begin(), state.chains.end(), [&](const NftChainEntry& chain) {
          return chain.table == table &&
                 std::find(going.begin(), going.end(), std::pair(chain.table, chain.name)) ==
                     going.end();
        });
    const bool ours = std::find(made.begin(), made.end(), made_name(table)) != made.end();
    const bool sets =
        std::find(state.with_sets.begin(), state.with_sets.end(), table) != state.with_sets.end();
    if (ours && !stays && !sets && state.has_table(table)) {
      commands.remove(table);
    }
  }
}

}  // namespace

std::vector<NftCommand> commands_for(const NftState& state, const FirewallPolicy& to,
                                     WriteMode mode) {
  check_link_names(to);
  refuse_owned(state);
  Commands commands;
  const std::vector<NftSpot> wanted = spots_of(to.anchor);
  std::vector<std::string> made;
  for (const NftSpot& spot : wanted) {
    for (std::string& name : missing_for(state, spot)) made.push_back(std::move(name));
  }
  write_table(commands, state, encode_table(to), std::move(made), mode);
  for (const NftSpot& spot : wanted) write_spot(commands, state, spot, to.mark);
  for (const NftSpot& spot : kSpots) {
    if (!uses(wanted, spot)) remove_jumps(commands, state, spot);
  }
  remove_strays(commands, state);
  if (wanted.empty()) remove_anchor_chains(commands, state);
  return commands.take();
}

std::vector<NftCommand> removal_commands(const NftState& state, RemoveMode mode) {
  refuse_owned(state);
  Commands commands;
  for (const NftSpot& spot : kSpots) remove_jumps(commands, state, spot);
  remove_strays(commands, state);
  remove_anchor_chains(commands, state);
  if (state.table) {
    if (mode == RemoveMode::kEverything) remove_made(commands, state);
    commands.remove(kOurs);
  }
  return commands.take();
}

}  // namespace overland::firewall
