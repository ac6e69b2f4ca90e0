#pragma once
// Pure: what policy the rules found amount to, and where they are not what we would write for it.

#include <string>
#include <vector>

#include "firewall/nft_state.h"
#include "model/firewall.h"

namespace overland::firewall {

/// The policy in force. `desired` decides only where the rules leave it open: which anchor a
/// missing jump belongs to.
model::FirewallPolicy decode_policy(const NftState& state, const model::FirewallPolicy& desired);

/// One sentence for each deviation of `state` from the canonical encoding of `policy`; elements of
/// sets aside, which are part of the policy.
std::vector<std::string> find_defects(const NftState& state, const model::FirewallPolicy& policy);

}  // namespace overland::firewall
