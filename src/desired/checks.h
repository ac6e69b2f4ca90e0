#pragma once
// What an administrator should know about this machine before packets get lost on it. Pure. What
// keeps parts of the inventory from being carried out is in fit.h.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// Underlay links with another prefix length than their segment, and links whose strict rp_filter
/// drops what the inventory's paths bring there (see asymmetry.h), or whose forwarding somebody
/// else turned off, of severity kConflict; MTUs that do not go together, kAdvice.
std::vector<model::Finding> mismatches(const inventory::Inventory& inventory,
                                       const inventory::Host& host, const model::HostFacts& facts);

}  // namespace overland::desired
