#pragma once
// Docker networks that shall change and are held, since containers use them: what serves them stays
// with them. Pure.

#include <optional>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// The inventory with the parts of `host` in `facts.held_networks` as Docker has them now: subnet,
/// range, gateway, shim, link, parent and driver. Not where another host or a segment has some of
/// that now. nullopt: nothing is held.
std::optional<inventory::Inventory> as_held(const inventory::Inventory& inventory,
                                            const inventory::Host& host,
                                            const model::HostFacts& facts);

}  // namespace overland::desired
