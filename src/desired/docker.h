#pragma once
// The keys of daemon.json a host needs, and the address its bridge shall have.

#include <optional>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// Whether Docker's next start brings its nftables backend: as it is configured, else as it runs.
bool nftables_next(const model::HostFacts& facts);

/// What stands in for the protection that a key of ours takes away; nullopt where Docker keeps it,
/// or somebody else has given it up. `policy`: its bridges and subnets.
std::optional<model::DirectDrop> direct_drop(const inventory::Inventory& inventory,
                                             const inventory::Host& host,
                                             const model::HostFacts& facts,
                                             const model::FirewallPolicy& policy);

/// nullopt where nothing in daemon.json is of our business. Without a bip only what Docker's
/// nftables backend has to be told.
std::optional<model::DockerSettings> docker(const inventory::Inventory& inventory,
                                            const inventory::Host& host,
                                            const model::HostFacts& facts);

}  // namespace overland::desired
