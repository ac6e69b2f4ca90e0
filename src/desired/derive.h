#pragma once
// What one host shall look like, from the inventory and from what is true of the machine (which
// link carries which address, which Docker and which iptables there are). Pure: no I/O, same result
// for the same input. Only what the host needs is in it; see the files beside this one, one a
// resource.

#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

model::HostState derive(const inventory::Inventory& inventory, const inventory::Host& host,
                        const model::HostFacts& facts);

/// The link that carries, or will carry once the VLAN links are made, the host's address number
/// `index`; nullopt where none does.
std::optional<std::string> underlay_link(const inventory::Inventory& inventory,
                                         const inventory::Host& host, const model::HostFacts& facts,
                                         std::size_t index);

/// Likewise the link in that segment, also of a host without an address there: its VLAN's.
std::optional<std::string> segment_link(const inventory::Inventory& inventory,
                                        const inventory::Host& host, const model::HostFacts& facts,
                                        std::size_t segment);

/// All links of this machine into the segment of that address: the one above first, then any other
/// with an address of that network, by which the same neighbours may be heard.
std::vector<std::string> links_into(const inventory::Inventory& inventory,
                                    const inventory::Host& host, const model::HostFacts& facts,
                                    std::size_t index);

/// Those of all the host's addresses, sorted, each once.
std::vector<std::string> underlay_links(const inventory::Inventory& inventory,
                                        const inventory::Host& host, const model::HostFacts& facts);

}  // namespace overland::desired
