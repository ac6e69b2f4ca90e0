#pragma once
// Pure: the commands that lead from our table as found to a policy, or to none.
// Each list is one transaction; an empty one means that nothing has to change.

#include <optional>
#include <vector>

#include "firewall/nft_command.h"
#include "firewall/nft_table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

enum class WriteMode {
  kDelta,  // only what differs; sets by element
  kWhole,  // our table anew, whatever stands there
};

std::vector<NftCommand> commands_for(const std::optional<NftTable>& found,
                                     const model::FirewallPolicy& to, WriteMode mode);

std::vector<NftCommand> removal_commands(const std::optional<NftTable>& found);

}  // namespace overland::firewall::nft
