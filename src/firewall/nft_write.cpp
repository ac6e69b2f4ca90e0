#include "firewall/nft_write.h"

#include <algorithm>

#include "firewall/nft_ranges.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;
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
  void add(const char* kind, Json object) { push("add", kind, std::move(object)); }
  void flush(const char* kind, Json object) { push("flush", kind, std::move(object)); }
  void remove(const char* kind, Json object) { push("delete", kind, std::move(object)); }
  void insert(const char* kind, Json object) { push("insert", kind, std::move(object)); }

  [[nodiscard]] Json take() { return std::move(commands_); }

 private:
  void push(const char* verb, const char* kind, Json object) {
    object["family"] = "ip";
    commands_.push_back({{verb, {{kind, std::move(object)}}}});
  }

  Json commands_ = Json::array();
};

Json chain_name(const std::string& table, const std::string& chain) {
  return {{"table", table}, {"name", chain}};
}

Json chain_object(const std::string& table, const NftChain& chain) {
  Json object = chain_name(table, chain.name);
  if (chain.type.empty()) return object;
  object["type"] = chain.type;
  object["hook"] = chain.hook;
  object["prio"] = chain.priority;
  object["policy"] = chain.policy;
  return object;
}

void add_rules(Commands& commands, const std::string& table, const std::string& chain,
               const std::vector<Json>& rules, bool comment) {
  for (const Json& rule : rules) {
    Json object = {{"table", table}, {"chain", chain}, {"expr", rule}};
    if (comment) object["comment"] = std::string(model::kRuleComment);
    commands.add("rule", std::move(object));
  }
}

void change_elements(Commands& commands, const std::string& set, const Json& gone,
                     const Json& added) {
  const auto object = [&](const Json& elements) {
    return Json{{"table", kOurs}, {"name", set}, {"elem", elements}};
  };
  if (!gone.empty()) commands.remove("element", object(gone));
  if (!added.empty()) commands.add("element", object(added));
}

void change_elements(Commands& commands, const NftElements& from, const NftElements& to) {
  for (const auto& [set, wanted] : to.ranges) {
    const auto there = from.ranges.find(set);
    const auto change =
        delta(there == from.ranges.end() ? std::vector<NftRange>() : there->second, wanted);
    Json gone = Json::array();
    Json added = Json::array();
    for (const NftRange& range : change.gone) gone.push_back(element_of(range));
    for (const NftRange& range : change.added) added.push_back(element_of(range));
    change_elements(commands, set, gone, added);
  }
  for (const auto& [set, wanted] : to.names) {
    const auto there = from.names.find(set);
    const auto change =
        delta(there == from.names.end() ? std::vector<std::string>() : there->second, wanted);
    change_elements(commands, set, change.gone, change.added);
  }
}

/// Our table from nothing, in place of whatever stands there.
void write_whole(Commands& commands, const NftTable& wanted, const std::vector<std::string>& made) {
  commands.add("table", {{"name", kOurs}});
  commands.remove("table", {{"name", kOurs}});
  commands.add("table", {{"name", kOurs}});
  for (const NftSet& set : wanted.sets) {
    Json object = {{"table", kOurs}, {"name", set.name}, {"type", set.type}};
    if (set.interval) object["flags"] = Json::array({"interval"});
    commands.add("set", std::move(object));
  }
  change_elements(commands, {}, wanted.elements);
  for (const NftChain& chain : wanted.chains) {
    commands.add("chain", chain_object(kOurs, chain));
    add_rules(commands, kOurs, chain.name, chain.rules, false);
  }
  for (const std::string& name : made) commands.add("chain", chain_name(kOurs, name));
}

/// True where sets and chains are all there as wanted, rules and elements aside.
bool same_structure(const NftTable& found, const NftTable& wanted) {
  return found.sets == wanted.sets &&
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
  change_elements(commands, state.table->elements, wanted.elements);
  for (std::size_t i = 0; i < wanted.chains.size(); ++i) {
    const NftChain& chain = wanted.chains[i];
    if (state.table->chains[i].rules == chain.rules) continue;
    commands.flush("chain", chain_name(kOurs, chain.name));
    add_rules(commands, kOurs, chain.name, chain.rules, false);
  }
  for (const std::string& name : delta(remembered, made).added) {
    commands.add("chain", chain_name(kOurs, name));
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
  if (!state.has_table(spot.table)) commands.add("table", {{"name", spot.table}});
  if (state.chain(spot.table, spot.chain) != nullptr) return;
  NftChain chain = {spot.chain, "", "", 0, "", {}};
  if (std::string_view(spot.chain) != kDockerUserSpot.chain) {
    const IptablesChain& base = spot.table == std::string_view("raw") ? kPrerouting : kForward;
    chain = {spot.chain, "filter", base.hook, base.priority, "accept", {}};
  }
  commands.add("chain", chain_object(spot.table, chain));
}

void remove_jumps(Commands& commands, const NftState& state, const NftSpot& spot) {
  for (const std::uint64_t handle : state.jumps_at(spot)) {
    commands.remove("rule", {{"table", spot.table}, {"chain", spot.chain}, {"handle", handle}});
  }
}

void write_spot(Commands& commands, const NftState& state, const NftSpot& spot,
                std::uint32_t mark) {
  make_spot(commands, state, spot);
  const std::vector<Json> rules = anchor_rules(mark);
  const auto& there = state.rules_of(spot);
  if (!there) {
    commands.add("chain", chain_name(spot.table, spot.target));
  } else if (*there != rules) {
    commands.flush("chain", chain_name(spot.table, spot.target));
  }
  if (!there || *there != rules) {
    add_rules(commands, spot.table, spot.target, rules, true);
  }
  if (state.jump_stands(spot)) return;
  remove_jumps(commands, state, spot);
  commands.insert("rule", {{"table", spot.table},
                           {"chain", spot.chain},
                           {"comment", std::string(model::kRuleComment)},
                           {"expr", Json::array({Json{{"counter", nullptr}},
                                                 Json{{"jump", {{"target", spot.target}}}}})}});
}

bool uses(const std::vector<NftSpot>& spots, const NftSpot& spot) {
  return std::any_of(spots.begin(), spots.end(), [&](const NftSpot& entry) {
    return std::string_view(entry.chain) == spot.chain;
  });
}

void remove_anchor_chains(Commands& commands, const NftState& state) {
  for (const NftSpot& spot : {kForwardSpot, kPreroutingSpot}) {
    if (!state.rules_of(spot)) continue;
    commands.flush("chain", chain_name(spot.table, spot.target));
    commands.remove("chain", chain_name(spot.table, spot.target));
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
    commands.remove("chain", chain_name(spot.table, spot.chain));
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
      commands.remove("table", {{"name", table}});
    }
  }
}

}  // namespace

Json commands_for(const NftState& state, const FirewallPolicy& to, WriteMode mode) {
  check_link_names(to);
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
  if (wanted.empty()) remove_anchor_chains(commands, state);
  return commands.take();
}

Json removal_commands(const NftState& state, RemoveMode mode) {
  Commands commands;
  for (const NftSpot& spot : kSpots) remove_jumps(commands, state, spot);
  remove_anchor_chains(commands, state);
  if (state.table) {
    if (mode == RemoveMode::kEverything) remove_made(commands, state);
    commands.remove("table", {{"name", kOurs}});
  }
  return commands.take();
}

}  // namespace overland::firewall
