#pragma once
// Who reaches the containers of ipvlan networks on one host: FORWARD never sees their packets.
// Pure.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// One for each ipvlan network of the host that is routed (l3, l3s) and whose parent is known; an
/// l2 one is in a segment, as macvlan is. `policy` says who is believed on which link.
std::vector<model::IpvlanGuard> ipvlan_guards(const inventory::Inventory& inventory,
                                              const inventory::Host& host,
                                              const model::HostFacts& facts,
                                              const model::FirewallPolicy& policy);

/// Whether the host has an ipvlan network to be guarded.
bool guards_ipvlan(const inventory::Inventory& inventory, const inventory::Host& host);

}  // namespace overland::desired
