#pragma once
// Docker's networks on one host, beside its default bridge.

#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// By name; those the inventory only follows, too. A parent that this machine does not have is
/// empty.
std::vector<model::Network> networks(const inventory::Inventory& inventory,
                                     const inventory::Host& host, const model::HostFacts& facts);

/// What keeps one of `state.networks` from being made here, or from being what it says: a finding
/// each (kMisfit), with the name in `names`.
struct NetworkMisfits {
  std::vector<model::Finding> findings;
  std::vector<std::string> names;
};
NetworkMisfits network_misfits(const model::HostState& state, const model::HostFacts& facts);

}  // namespace overland::desired
