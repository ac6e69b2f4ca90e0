#pragma once
// Where the inventory and this machine as it is now do not fit together: a link that is down, an
// underlay address that no link has, Docker absent. What needs such a place waits; the rest goes on
// (docs/decisions/006-misfits-wait.md). Pure.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

struct Fit {
  std::vector<model::Finding> findings;     // of severity kMisfit
  std::vector<model::Address> unreachable;  // next hops that are not on-link now; sorted
  std::vector<std::string> networks;        // that wait for a parent or another Docker; by name
  bool nowhere = false;  // not one underlay address of the host is on a link, or will be: most
                         // likely the wrong file, or the wrong host
};

/// Next hops of `state` in no network that a link has an address in. Sorted.
std::vector<model::Address> off_link(const model::HostState& state, const model::HostFacts& facts);

/// `state` is what derive() made of the other three.
Fit fit(const inventory::Inventory& inventory, const inventory::Host& host,
        const model::HostFacts& facts, const model::HostState& state);

}  // namespace overland::desired
