#pragma once
// A few prefixes around all addresses of a policy. Most packets of nobody's of ours are outside,
// which is told without a look into the large sets (docs/decisions/011). Pure.

#include <vector>

#include "firewall/nft/statement.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// At most four prefixes of at most 16 bits, sorted, none within another; none at all where they
/// would be around everything.
std::vector<model::Prefix> hull_of(const model::FirewallPolicy& policy);

/// Accepts what comes from outside the hull, or goes there. None where there is no hull, nor on
/// hosts that forward nothing: there a packet is asked for this host's own subnet first.
std::vector<Statements> outside_rules(const model::FirewallPolicy& policy);

}  // namespace overland::firewall::nft
