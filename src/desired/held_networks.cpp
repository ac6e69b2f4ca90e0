#include "desired/held_networks.h"

#include <algorithm>

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::HostNetwork;
using inventory::Inventory;

/// nullptr where Docker has none of ours of that name.
const model::Network* in_docker(const model::HostFacts& facts, const std::string& name) {
  for (const auto& one : facts.docker.networks) {
    if (one.ours && one.name == name) return &*one.ours;
  }
  return nullptr;
}

/// What led there leads elsewhere by now.
bool taken(const Inventory& inventory, const Host& host, const model::Prefix& subnet) {
  return std::ranges::any_of(inventory.hosts, [&](const Host& peer) {
    if (&peer == &host) return false;
    const auto subnets = peer.bridge_subnets();
    return std::ranges::any_of(subnets, [&](const auto& one) { return one.overlaps(subnet); });
  });
}

/// Docker gives it to no container, as gateway or among what is reserved.
std::optional<model::Address> shim_of(const inventory::Network& network,
                                      const model::Network& now) {
  if (network.gateway == inventory::Gateway::kShim) return now.gateway;
  for (const auto& address : now.reserved) {
    const bool listed = std::ranges::find(network.reserve, address) != network.reserve.end();
    if (!listed && now.range.value_or(now.subnet).contains(address)) return address;
  }
  return std::nullopt;
}

struct Shim {
  std::string link;
  std::optional<model::Address> address;
};

/// Our link among its containers; empty where the host has none.
Shim shim_link_of(const model::Network& now, const model::HostFacts& facts) {
  if (now.parent.empty()) return {};
  for (const model::LinkFacts& link : facts.links) {
    if (!link.ours || link.vlan != 0 || link.vxlan || link.parent != now.parent) continue;
    for (const auto& own : link.addresses) {
      if (now.subnet.contains(own.address)) return {link.name, own.address};
    }
  }
  return {};
}

/// It was declared with another driver, of which no more is known than Docker and the kernel have.
void keep_driver(const model::Network& now, const model::HostFacts& facts,
                 inventory::Network& network, HostNetwork& part) {
  const Shim shim = shim_link_of(now, facts);
  network.driver = now.driver;
  network.mode = now.mode;
  network.link = now.link;
  network.parent = now.parent;
  network.segment = std::nullopt;
  network.shim = shim.address.has_value();
  network.shim_link = shim.link;
  network.internal = now.internal;
  if (now.driver != model::NetworkDriver::kBridge) network.join.clear();
  part.subnet = now.subnet;
  part.range = now.range;
  part.gateway = now.gateway;
  part.shim = shim.address;
  const bool by_shim = part.shim && part.gateway == part.shim;
  network.gateway = now.driver == model::NetworkDriver::kBridge || network.is_routed_ipvlan()
                        ? inventory::Gateway::kNone
                    : by_shim ? inventory::Gateway::kShim
                              : inventory::Gateway::kAddress;
  const bool led = network.has_own_subnets() || by_shim;
  part.routed = led && !now.internal ? std::optional(now.range.value_or(now.subnet)) : std::nullopt;
}

void keep(const model::Network& now, inventory::Network& network, HostNetwork& part) {
  part.subnet = now.subnet;
  part.range = now.range;
  if (part.routed) part.routed = now.range.value_or(now.subnet);
  if (network.driver == model::NetworkDriver::kBridge) {
    if (!network.link.empty()) network.link = now.link;
    return;
  }
  part.gateway = now.gateway;
  if (part.shim) {
    if (const auto shim = shim_of(network, now)) part.shim = shim;
  }
}

}  // namespace

std::optional<Inventory> as_held(const Inventory& inventory, const Host& host,
                                 const model::HostFacts& facts) {
  if (facts.held_networks.empty() || !host.networks) return std::nullopt;
  std::optional<Inventory> result;
  for (std::size_t i = 0; i < host.networks->size(); ++i) {
    const auto index = (*host.networks)[i].network;
    const auto& network = inventory.networks[index];
    const auto& held = facts.held_networks;
    if (std::ranges::find(held, network.name) == held.end()) continue;
    const auto* now = in_docker(facts, network.name);
    if (now == nullptr) continue;
    if (taken(inventory, host, now->range.value_or(now->subnet))) continue;
    if (!result) result = inventory;
    auto& same = result->hosts[static_cast<std::size_t>(&host - inventory.hosts.data())];
    auto& copy = result->networks[index];
    if (now->driver != network.driver) {
      keep_driver(*now, facts, copy, (*same.networks)[i]);
      continue;
    }
    keep(*now, copy, (*same.networks)[i]);
    const bool moved = !now->parent.empty() && copy.driver != model::NetworkDriver::kBridge &&
                       now->parent != copy.parent && !copy.segment;
    if (moved) copy.parent = now->parent;
  }
  return result;
}

}  // namespace overland::desired
