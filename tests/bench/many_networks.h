#pragma once
// Inventories whose hosts have many bridge networks.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inventory/inventory.h"

namespace overland::bench {

/// Gives each host a part, 20.0.0.0/24 and so on, of each of `networks` (at most 32); every other
/// one is closed to the others.
inline void give_networks(inventory::Inventory& inventory, std::uint32_t networks) {
  for (std::uint32_t n = 0; n < networks; ++n) {
    inventory::Network network;
    network.name = "n" + std::to_string(n);
    network.link = "br-" + network.name;
    if (n % 2 == 1) network.reach = inventory::NetworkReach::kNetwork;
    inventory.networks.push_back(network);
  }
  for (std::uint32_t i = 0; i < inventory.hosts.size(); ++i) {
    std::vector<inventory::HostNetwork> parts;
    for (std::uint32_t n = 0; n < networks; ++n) {
      const model::Prefix subnet(model::Address::from_ipv4(0x14000000U + ((i * 32 + n) << 8U)), 24);
      parts.push_back({n, subnet, {}, {}, {}, subnet});
    }
    inventory.hosts[i].networks = std::move(parts);
  }
}

}  // namespace overland::bench
