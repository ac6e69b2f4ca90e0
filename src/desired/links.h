#pragma once
// The links of ours a host needs. VLAN sub-interfaces: one for each address in a segment with a
// VLAN id, and one without an address for a segment that only its containers are in, where the host
// names a parent and no link that is not ours serves the segment already. Shims: those of its
// macvlan networks. And its tunnel's.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

std::vector<model::Link> links(const inventory::Inventory& inventory, const inventory::Host& host,
                               const model::HostFacts& facts);

}  // namespace overland::desired
