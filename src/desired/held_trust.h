#pragma once
// Once a segment in which only routers have an address was trusted as a whole unless the file said
// otherwise. What an upgrade finds trusted by that rule is held until the file says `trust`
// (docs/decisions/005-trust-in-segments.md). Pure.

#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

/// The subnets of segments without `trust` in the file that the old rule trusted as a whole and
/// that lie in one of `trusted`. Not those in which every address is a host's of the inventory: for
/// them nothing changes. In the order of the file.
std::vector<model::Prefix> held_trust(const inventory::Inventory& inventory,
                                      const std::vector<model::Prefix>& trusted);

}  // namespace overland::desired
