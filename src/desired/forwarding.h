#pragma once
// Links that containers' packets come in by and that the kernel forwards nothing from, although the
// host as a whole forwards. Pure.

#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// Names of the links by which packets to or from containers come in, or a router's, whose own
/// forwarding is off (LinkFacts::forwards); sorted. Empty where this host is to forward nothing.
std::vector<std::string> shut_links(const inventory::Inventory& inventory,
                                    const inventory::Host& host, const model::HostFacts& facts);

}  // namespace overland::desired
