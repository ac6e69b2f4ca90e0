#pragma once
// The routes of one host: to every peer's bridge subnets and to every segment it is not in, and
// below them those that lead nowhere. Pure.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"
#include "model/route.h"

namespace overland::desired {

/// Sorted by destination. Peers in a shared segment are next hops themselves; others are reached by
/// a shortest path over routers, so that no set of hosts that follows its routes can loop: each hop
/// is nearer by one; or by a tunnel, which ends at the peer. Destinations without a path have no
/// route. `host` is one of `inventory`'s. Linear in the number of hosts, but for the sorting.
std::vector<model::Route> routes(const inventory::Inventory& inventory,
                                 const inventory::Host& host);

/// Those by which this host reaches its own containers of macvlan networks. Sorted.
std::vector<model::Route> shim_routes(const inventory::Inventory& inventory,
                                      const inventory::Host& host, const model::HostFacts& facts);

/// Unreachable routes to the bridge subnets of all hosts, this one's too, merged but never wider,
/// so that no container's packet leaves by a default route where a link or a bridge is gone; with
/// Fallback::kPool to the whole pool. Sorted. O(n log n).
std::vector<model::Route> fallback_routes(const inventory::Inventory& inventory);

}  // namespace overland::desired
