#pragma once
// What was read, as a policy, and where it departs from how encode() would write that policy. Pure.

#include <optional>

#include "firewall/iptc_encoding.h"
#include "firewall/iptc_snapshot.h"
#include "model/firewall.h"

namespace overland::firewall::iptc {

/// Nothing of ours is there.
bool empty(const Snapshot& snapshot);

/// nullopt where nothing of ours is there. `desired` decides only what the rules leave open: the
/// anchor where no jump stands, the mark where no rule has one.
std::optional<model::Firewall> decode(const Snapshot& snapshot,
                                      const model::FirewallPolicy& desired);

/// The first rule of `rules.anchor`, and no other one in a foreign chain, leads to `rules.entry`.
bool jumps_right(const TableSnapshot& table, const TableRules& rules);

bool chain_equals(const std::vector<std::optional<Rule>>& found, const Chain& wanted);

}  // namespace overland::firewall::iptc
