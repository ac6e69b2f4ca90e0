#pragma once
// The VLAN sub-interfaces a host needs: one for each address in a segment with a VLAN id, where the
// host names a parent and no link that is not ours serves the segment already.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

std::vector<model::VlanLink> links(const inventory::Inventory& inventory,
                                   const inventory::Host& host, const model::HostFacts& facts);

}  // namespace overland::desired
