#pragma once
// Whom a probe asks, by the inventory. Pure.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "model/address.h"

namespace overland::probe {

/// A [[network]] of the inventory on a peer.
struct PeerNetwork {
  std::string name;
  model::Prefix led;                 // what packets are led there for: its subnet, or its range
  std::string what;                  // is asked: "the gateway", "the shim"
  std::optional<model::Address> at;  // nullopt: nothing is asked
  std::string unasked;               // why not

  bool operator==(const PeerNetwork&) const = default;
};

struct Peer {
  std::string name;                    // of the host, or the address of somebody else
  std::optional<std::size_t> host;     // index in the inventory
  std::vector<model::Address> hosts;   // underlay addresses
  std::vector<model::Address> outer;   // those instead where a tunnel leads there: no container has
                                       // a way to them
  std::vector<model::Prefix> subnets;  // bridge subnets
  std::vector<model::Address> bridges;  // the addresses of the bridge in them
  /// Where a container may be, or those that were asked for.
  std::vector<model::Address> containers;
  std::vector<PeerNetwork> networks;  // where all of the host is asked for
  bool asked = false;                 // the one container was
  std::size_t routers = 0;            // between this host and it; by tunnel none

  bool operator==(const Peer&) const = default;
};

/// Docker hands out the lowest free address: the second to the ninth of `subnet`, and the highest,
/// without `bridge`, the address of the bridge.
std::vector<model::Address> likely_containers(const model::Prefix& subnet,
                                              const model::Address& bridge);

/// All other hosts that the inventory has a way to; or those `asked` for by name, address or
/// subnet, in the order of the file, each
/// once, or once for each address of a container. Throws kUsage where one of these is nobody, this
/// host itself, or, unless `any`, an address outside of the cluster.
std::vector<Peer> targets(const inventory::Inventory& inventory, const inventory::Host& self,
                          const std::vector<std::string>& asked, bool any);

/// The address whose way is that of most packets to `peer`: its bridge's, or where it has none, or
/// a container was asked for, that one's.
const model::Address& end_of_way(const Peer& peer);

/// The names of the hosts by their addresses.
std::map<model::Address, std::string> names(const inventory::Inventory& inventory);

struct Station {
  std::string name;
  model::Address address;

  bool operator==(const Station&) const = default;
};

/// Who passes packets on to `peer` or gets them, one after the other; the last is the peer itself.
/// Empty where the inventory does not tell.
std::vector<Station> way_to(const inventory::Inventory& inventory, const inventory::Host& self,
                            const Peer& peer);

}  // namespace overland::probe
