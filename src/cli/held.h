#pragma once
// What stays although the inventory has it no more: how it is told from the memory, and kept there.

#include <vector>

#include "inventory/inventory.h"
#include "reconcile/saved_state.h"

namespace overland::cli {

/// The names and bridge subnets of its hosts, as they are remembered; of those held none.
reconcile::Subnets subnets_of(const inventory::Inventory& inventory);

/// Those of its open networks by host and network, likewise.
reconcile::Subnets network_subnets_of(const inventory::Inventory& inventory);

/// Sets Host::held by what is remembered (desired/held_subnets.h); whether anything is held.
bool hold_subnets(inventory::Inventory& inventory, const reconcile::SavedState& saved);

/// What is held, as it is remembered.
reconcile::Subnets held_subnets_of(const inventory::Inventory& inventory);

/// The same while `subnets` of the memory stay those of an earlier inventory: what was held
/// `before` by whomever, and the present bips, which may change once more meanwhile.
reconcile::Subnets held_in_doubt(const inventory::Inventory& inventory,
                                 const reconcile::Subnets& before);

/// Says of each segment in `before` that is held no more, though the file still does not say
/// `trust` there, why.
void warn_of_ended_trust(const inventory::Inventory& inventory,
                         const std::vector<model::Prefix>& before,
                         const std::vector<model::Prefix>& held);

}  // namespace overland::cli
