#pragma once
// Parts of a path that begin or end in a declared network of Docker's.

#include <string>

#include "desired/path.h"

namespace overland::desired {

/// The endpoint's network: what is declared, and its host's part. Only where it has one.
const inventory::Network& network_of(const inventory::Inventory& inventory,
                                     const Endpoint& endpoint);
const inventory::HostNetwork& part_of(const inventory::Inventory& inventory,
                                      const Endpoint& endpoint);

/// Whether packets to it end on host number `host`, whatever link it is behind.
bool is_of(const Endpoint& endpoint, std::size_t host);

/// By what its host reaches it: "bridge br-web", "shim ovl-mv10", "the parent of network fast" of
/// ipvlan l3; empty: macvlan without a shim.
std::string link_to(const inventory::Inventory& inventory, const Endpoint& container);

/// The next hop of a container that leaves by its own host, and why it is that one.
struct FirstHop {
  model::Address address;
  const char* why;
};
FirstHop first_hop(const inventory::Inventory& inventory, const Endpoint& container);

/// "192.168.110.0/24 is the subnet of web on b"; empty where `subnet` is none of that host's
/// networks.
std::string whose(const inventory::Inventory& inventory, std::size_t host,
                  const model::Prefix& subnet);

/// Whether both are containers of one network, on whichever hosts.
bool same_network(const inventory::Inventory& inventory, const Endpoint& one,
                  const Endpoint& other);

/// Why networks keep `from` away from container `to`; empty where they do not.
std::string kept_apart(const inventory::Inventory& inventory, const Endpoint& from,
                       const Endpoint& to);

}  // namespace overland::desired
