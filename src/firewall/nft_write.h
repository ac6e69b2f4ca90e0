#pragma once
// Pure: the commands that lead from what was found to a policy, or to nothing of ours.
// Each list is one transaction; an empty one means that nothing has to change.

#include <vector>

#include "firewall/nft_command.h"
#include "firewall/nft_state.h"
#include "model/firewall.h"

namespace overland::firewall {

enum class WriteMode {
  kDelta,  // only what differs; sets by element
  kWhole,  // our table anew, whatever stands there
};

std::vector<NftCommand> commands_for(const NftState& state, const model::FirewallPolicy& to,
                                     WriteMode mode);

enum class RemoveMode {
  kEverything,  // also the tables and chains of iptables that we made, where nobody uses them
  kMarked,      // only what carries our mark
};

std::vector<NftCommand> removal_commands(const NftState& state, RemoveMode mode);

}  // namespace overland::firewall
