#pragma once
// Pure: the commands that lead from our table as found to a policy, or to none.
// Each list of commands is one transaction; an empty one means that nothing has to change.

#include <optional>
#include <vector>

#include "firewall/flows.h"
#include "firewall/nft/command.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

enum class WriteMode {
  kDelta,  // only what differs; sets by element
  kWhole,  // our table anew, whatever stands there: a packet may slip through or be lost meanwhile
};

/// In this order. After each the table lets through what it did, or what is wanted.
std::vector<std::vector<Command>> commands_for(const std::optional<Table>& found,
                                               const model::FirewallPolicy& to, WriteMode mode);

/// The sets that remember `uncut`, in place of those there; none where it is empty.
std::vector<Command> uncut_commands(const std::optional<Table>& found, const Uncut& uncut);

std::vector<Command> removal_commands(const std::optional<Table>& found);

}  // namespace overland::firewall::nft
