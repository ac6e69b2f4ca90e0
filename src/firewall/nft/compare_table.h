#pragma once
// Pure: what policy our table amounts to, and where it is not what we would write for it.

#include <string>
#include <vector>

#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// The policy in force. `desired` gives only what the rules leave open: variant and anchor.
model::FirewallPolicy decode_policy(const Table& table, const model::FirewallPolicy& desired);

/// One sentence for each deviation of `table` from the canonical encoding of `policy`; elements of
/// sets aside, which are part of the policy.
std::vector<std::string> find_defects(const Table& table, const model::FirewallPolicy& policy);

}  // namespace overland::firewall::nft
