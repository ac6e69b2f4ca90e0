#include "desired/path_networks.h"

#include <algorithm>
#include <utility>

namespace overland::desired {
namespace {

using inventory::Inventory;

/// As `join` names it.
std::string bridge_name(const Inventory& inventory, const Endpoint& container) {
  return container.network ? network_of(inventory, container).name : "docker0";
}

bool joins(const Inventory& inventory, const Endpoint& one, const Endpoint& other) {
  if (!one.network) return false;
  const auto& join = network_of(inventory, one).join;
  return std::ranges::find(join, bridge_name(inventory, other)) != join.end();
}

bool on_bridge(const Inventory& inventory, const Endpoint& one) {
  if (one.kind != Endpoint::Kind::kContainer) return false;
  return !one.network || network_of(inventory, one).driver == model::NetworkDriver::kBridge;
}

/// ipvlan l3 and its own host are apart, as macvlan is, but for a shim.
std::string lacks_a_shim(const Inventory& inventory, const Endpoint& from, const Endpoint& to) {
  if (!is_of(from, to.host) || same_network(inventory, from, to)) return {};
  for (const Endpoint* end : {&from, &to}) {
    const bool container = end->kind == Endpoint::Kind::kContainer && end->network;
    if (!container || !network_of(inventory, *end).is_routed_ipvlan() ||
        network_of(inventory, *end).shim) {
      continue;
    }
    return "ipvlan keeps " + inventory.hosts[to.host].name +
           " from its own containers; shim = true would join them";
  }
  return {};
}

}  // namespace

const inventory::Network& network_of(const Inventory& inventory, const Endpoint& endpoint) {
  return inventory.networks[part_of(inventory, endpoint).network];
}

const inventory::HostNetwork& part_of(const Inventory& inventory, const Endpoint& endpoint) {
  return (*inventory.hosts[endpoint.host].networks)[*endpoint.network];
}

bool same_network(const Inventory& inventory, const Endpoint& one, const Endpoint& other) {
  return one.network && other.network &&
         part_of(inventory, one).network == part_of(inventory, other).network;
}

bool is_of(const Endpoint& endpoint, std::size_t host) {
  const bool owned = endpoint.kind != Endpoint::Kind::kNeighbour || endpoint.network;
  return owned && endpoint.host == host;
}

std::string link_to(const Inventory& inventory, const Endpoint& container) {
  if (!container.network) return "bridge " + inventory.hosts[container.host].docker.bridge;
  const auto& network = network_of(inventory, container);
  if (network.is_routed_ipvlan()) return "the parent of network " + network.name;
  if (network.driver != model::NetworkDriver::kBridge) {
    return network.shim ? "shim " + network.shim_link : "";
  }
  return network.link.empty() ? "the bridge of network " + network.name : "bridge " + network.link;
}

FirstHop first_hop(const Inventory& inventory, const Endpoint& container) {
  const auto& network = network_of(inventory, container);
  const auto& part = part_of(inventory, container);
  if (network.is_routed_ipvlan()) {
    const auto& host = inventory.hosts[container.host];
    const auto* own = network.segment ? host.address_in(*network.segment) : nullptr;
    return {own == nullptr ? host.addresses.front().address : *own,
            "what ipvlan containers send takes the host's routes by its parent"};
  }
  if (network.driver != model::NetworkDriver::kBridge) {
    return {*part.shim, "the shim is the host's link to its containers"};
  }
  return {model::Address::from_ipv4(part.subnet.network().ipv4() + 1),
          "the bridge's address is a container's default gateway"};
}

std::string whose(const Inventory& inventory, std::size_t host, const model::Prefix& subnet) {
  const auto& networks = inventory.hosts[host].networks;
  if (!networks) return {};
  const auto found = std::ranges::find(*networks, subnet, &inventory::HostNetwork::routed);
  if (found == networks->end()) return {};
  return subnet.to_string() + (found->range ? " is the range of " : " is the subnet of ") +
         inventory.networks[found->network].name + " on " + inventory.hosts[host].name;
}

std::string kept_apart(const Inventory& inventory, const Endpoint& from, const Endpoint& to) {
  const bool one_host = is_of(from, to.host);
  if (auto apart = lacks_a_shim(inventory, from, to); !apart.empty()) return apart;
  if (same_network(inventory, from, to) || (one_host && from.kind == Endpoint::Kind::kHost)) {
    return {};
  }
  const bool bridges = one_host && on_bridge(inventory, from) && on_bridge(inventory, to) &&
                       (from.network || to.network);
  if (bridges) {
    if (joins(inventory, from, to) || joins(inventory, to, from)) return {};
    const auto& [declared, other] = to.network ? std::pair(to, from) : std::pair(from, to);
    return inventory.hosts[to.host].name + " keeps its bridges apart, as Docker does; join = [\"" +
           bridge_name(inventory, other) + "\"] of network " + bridge_name(inventory, declared) +
           " would let it in";
  }
  if (!to.network || network_of(inventory, to).reach != inventory::NetworkReach::kNetwork) {
    return {};
  }
  return "network " + network_of(inventory, to).name +
         " has reach = \"network\": only its own containers on other hosts, and what it joins, "
         "reach it";
}

}  // namespace overland::desired
