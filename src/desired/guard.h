#pragma once
// Whether this host drops what nobody lets through: where overland turned forwarding on, which
// dockerd would have done with a policy DROP beside it, and nobody would have on other hosts.

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

model::FirewallGuard guard(const inventory::Inventory& inventory, const inventory::Host& host,
                           const model::HostFacts& facts);

}  // namespace overland::desired
