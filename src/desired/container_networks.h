#pragma once
// The networks of the inventory, beside docker0, as the policy and the routes of one host see them:
// behind which of its links which containers are. Pure.

#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// A network that other hosts send to by way of this one.
struct RoutedNetwork {
  std::size_t network = 0;  // index into Inventory::networks
  std::string link;         // its bridge, or the shim its containers go out by
  model::Prefix subnet;
};

/// Of that host; without internal ones, and without those whose link nobody knows now: of a bridge
/// that somebody else makes, Docker's API or its address tells. ipvlan l3 without a shim has none.
std::vector<RoutedNetwork> routed_networks(const inventory::Inventory& inventory,
                                           const inventory::Host& host,
                                           const model::HostFacts& facts);

/// Whether a link of that name is there and cannot be the one of a network that overland makes: who
/// is on it is no container of ours.
bool somebody_elses(const model::HostFacts& facts, model::NetworkMaker maker,
                    model::NetworkDriver driver, const std::string& link);

/// Whether the host has containers that other hosts send to by way of it.
bool routes_containers(const inventory::Inventory& inventory, const inventory::Host& host);

/// Whether that network's containers are reached by their namesakes and by `join` alone.
bool is_closed(const inventory::Network& network);

/// The bridge subnets of `host` that all containers of the cluster reach and are reached from.
std::vector<model::Prefix> open_subnets(const inventory::Inventory& inventory,
                                        const inventory::Host& host);
/// Those of its closed networks.
std::vector<model::Prefix> closed_subnets(const inventory::Inventory& inventory,
                                          const inventory::Host& host);

/// The subnets other hosts have of that network, by its index; sorted and aggregated.
std::vector<model::Prefix> namesakes(const inventory::Inventory& inventory,
                                     const inventory::Host& host, std::size_t network);

/// Addresses of containers that answer in a segment for themselves.
struct ContainerRange {
  model::Prefix range;
  std::size_t segment = 0;  // index
};
std::vector<ContainerRange> container_ranges(const inventory::Inventory& inventory,
                                             const inventory::Host& host);

/// The parent of a macvlan or ipvlan network on this machine: a link there is or one of ours;
/// nullopt where none is known.
std::optional<std::string> parent_of(const inventory::Inventory& inventory,
                                     const inventory::Host& host, const model::HostFacts& facts,
                                     const inventory::Network& network);

/// The shims of this host, those whose parent is known; their network is that of `part`.
struct Shim {
  const inventory::HostNetwork* part = nullptr;
  model::Link link;
};
std::vector<Shim> shims(const inventory::Inventory& inventory, const inventory::Host& host,
                        const model::HostFacts& facts);

}  // namespace overland::desired
