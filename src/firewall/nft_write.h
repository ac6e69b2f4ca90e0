#pragma once
// Pure: the libnftables commands that lead from what was found to a policy, or to nothing of ours.
// Each list is one transaction; an empty one means that nothing has to change.

#include <nlohmann/json.hpp>

#include "firewall/nft_state.h"
#include "model/firewall.h"

namespace overland::firewall {

enum class WriteMode {
  kDelta,  // only what differs; sets by element
  kWhole,  // our table anew, whatever stands there
};

nlohmann::json commands_for(const NftState& state, const model::FirewallPolicy& to, WriteMode mode);

enum class RemoveMode {
  kEverything,  // also the tables and chains of iptables that we made, where nobody uses them
  kMarked,      // only what carries our mark
};

nlohmann::json removal_commands(const NftState& state, RemoveMode mode);

}  // namespace overland::firewall
