#pragma once
// The routes of one host: to every peer's bridge subnets and to every segment it is not in. Pure.

#include <vector>

#include "inventory/inventory.h"
#include "model/route.h"

namespace overland::desired {

/// Sorted by destination. Peers in a shared segment are next hops themselves; others are reached by
/// a shortest path over routers, so that no set of hosts that follows its routes can loop: each hop
/// is nearer by one. Destinations without a path have no route. `host` is one of `inventory`'s.
/// Linear in the number of hosts, but for the sorting.
std::vector<model::Route> routes(const inventory::Inventory& inventory,
                                 const inventory::Host& host);

}  // namespace overland::desired
