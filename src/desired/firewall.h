#pragma once
// The firewall policy of a host; nullopt for one that neither runs Docker nor forwards, nor has a
// shim.

#include <optional>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

std::optional<model::FirewallPolicy> firewall(const inventory::Inventory& inventory,
                                              const inventory::Host& host,
                                              const model::HostFacts& facts);

}  // namespace overland::desired
