#pragma once
// The kernel parameters a host needs: forwarding for Docker hosts and routers, on each link too
// where that is ours, no ICMP redirects from routers (they would teach hosts paths the inventory
// does not know), rp_filter where it is asked for.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

std::vector<model::Sysctl> sysctls(const inventory::Inventory& inventory,
                                   const inventory::Host& host, const model::HostFacts& facts);

}  // namespace overland::desired
