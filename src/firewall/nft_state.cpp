#include "firewall/nft_state.h"

#include <algorithm>

#include "base/error.h"
#include "firewall/nft_context.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t index_of(const NftSpot& spot) {
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    if (std::string_view(kSpots[i].chain) == spot.chain) return i;
  }
  return 0;
}

std::vector<Json> list_chain(NftContext& context, const std::string& table,
                             const std::string& chain) {
  std::vector<Json> rules;
  const Json objects =
      context.list({{"chain", {{"family", "ip"}, {"table", table}, {"name", chain}}}});
  for (const Json& object : objects) {
    // Rules of other chains would come along only from a library that ignores the name.
    if (object.contains("rule") && object["rule"].value("chain", "") == chain) {
      rules.push_back(normalise(object["rule"].value("expr", Json::array())));
    }
  }
  return rules;
}

NftChain chain_of(const Json& object) {
  NftChain chain;
  chain.name = object.value("name", "");
  chain.type = object.value("type", "");
  chain.hook = object.value("hook", "");
  chain.priority = object.value("prio", 0);
  chain.policy = object.value("policy", "");
  return chain;
}

NftSet set_of(const Json& object) {
  NftSet set;
  set.name = object.value("name", "");
  // A concatenation is listed as an array: never ours.
  const Json type = object.value("type", Json());
  set.type = type.is_string() ? type.get<std::string>() : "other";
  for (const Json& flag : object.value("flags", Json::array())) {
    if (flag == "interval") {
      set.interval = true;
    } else {
      set.type = "other";
    }
  }
  return set;
}

template <typename T>
void sort_by_name(std::vector<T>& items) {
  std::sort(items.begin(), items.end(),
            [](const T& left, const T& right) { return left.name < right.name; });
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

const std::optional<std::vector<Json>>& NftState::rules_of(const NftSpot& spot) const {
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
  return jumps_at(spot).size() == 1 && rules.front().jump == spot.target && rules.front().plain;
}

bool NftState::ours() const { return table || forward || raw; }

NftTable parse_table(const Json& objects) {
  NftTable table;
  try {
    for (const Json& object : objects) {
      if (object.contains("set")) {
        table.sets.push_back(set_of(object["set"]));
      } else if (object.contains("map")) {
        table.sets.push_back({object["map"].value("name", ""), "other", false});
      } else if (object.contains("chain")) {
        NftChain chain = chain_of(object["chain"]);
        if (chain.name.starts_with(kMadePrefix)) {
          table.made.push_back(chain.name);
        } else {
          table.chains.push_back(std::move(chain));
        }
      }
    }
    for (const Json& object : objects) {
      if (!object.contains("rule")) continue;
      const std::string name = object["rule"].value("chain", "");
      for (NftChain& chain : table.chains) {
        if (chain.name != name) continue;
        chain.rules.push_back(normalise(object["rule"].value("expr", Json::array())));
      }
    }
  } catch (const Json::exception& error) {
    throw base::Error(
        base::ErrorKind::kInvalid,
        std::string("cannot understand the listing of table ip overland: ") + error.what());
  }
  sort_by_name(table.sets);
  sort_by_name(table.chains);
  std::sort(table.made.begin(), table.made.end());
  return table;
}

NftState read_state(NftContext& context) {
  constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_IPV4 of linux/netfilter.h
  const std::string ours(model::kNftTable);
  NftDump dump;
  NftState state;
  state.tables = dump.tables();
  if (state.tables.empty()) return state;
  state.chains = dump.chains(kIpv4);
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    if (state.chain(kSpots[i].table, kSpots[i].chain) != nullptr) {
      state.spots[i] = dump.rules(kSpots[i].table, kSpots[i].chain);
    }
  }
  if (state.chain("filter", model::kForwardChain) != nullptr) {
    state.forward = list_chain(context, "filter", std::string(model::kForwardChain));
  }
  if (state.chain("raw", model::kRawChain) != nullptr) {
    state.raw = list_chain(context, "raw", std::string(model::kRawChain));
  }
  if (!state.has_table(ours)) return state;
  state.table = parse_table(context.list({{"table", {{"family", "ip"}, {"name", ours}}}}));
  for (const NftSet& set : state.table->sets) {
    if (set.type == "ipv4_addr")
      state.table->elements.ranges[set.name] = dump.ranges(ours, set.name);
    if (set.type == "ifname") state.table->elements.names[set.name] = dump.names(ours, set.name);
  }
  for (const std::string& made : state.table->made) {
    const std::string table = made.substr(kMadePrefix.size());
    if (contains(state.tables, table) && dump.has_sets(table)) state.with_sets.push_back(table);
  }
  return state;
}

}  // namespace overland::firewall
