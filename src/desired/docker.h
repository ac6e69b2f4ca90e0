#pragma once
// The keys of daemon.json a host needs, and the address its bridge shall have.

#include <optional>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

std::optional<model::DockerSettings> docker(const inventory::Host& host,
                                            const model::HostFacts& facts);

}  // namespace overland::desired
