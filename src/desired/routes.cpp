#include "desired/routes.h"

#include <algorithm>
#include <utility>

#include "desired/container_networks.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"
#include "model/link.h"

namespace overland::desired {
namespace {

void add(const model::Prefix& destination, std::vector<model::Address> gateways,
         std::vector<model::Route>& routes) {
  routes.push_back({destination, model::RouteKind::kUnicast, model::route_metric(destination),
                    std::move(gateways)});
}

/// The next hop is on the tunnel's link, whatever addresses say.
void add_tunnelled(const model::Prefix& destination, const model::Address& outer,
                   std::vector<model::Route>& routes) {
  add(destination, {outer}, routes);
  routes.back().link = std::string(model::kTunnelLink);
}

}  // namespace

std::vector<model::Route> routes(const inventory::Inventory& inventory,
                                 const inventory::Host& host) {
  const inventory::Topology topology(inventory);
  const inventory::Reach reach = topology.reach(host);
  const inventory::Tunnels tunnels(inventory);
  const std::size_t self = inventory::index_of(inventory, host);
  std::vector<model::Route> result;
  result.reserve(inventory.hosts.size());
  for (const inventory::Host& peer : inventory.hosts) {
    if (&peer == &host || (!peer.bip && !peer.previous_bip && !peer.networks)) continue;
    const auto subnets = peer.bridge_subnets();
    if (subnets.empty()) continue;
    if (tunnels.between(self, inventory::index_of(inventory, peer))) {
      for (const auto& subnet : subnets) add_tunnelled(subnet, peer.tunnel_address(), result);
      continue;
    }
    auto gateways = topology.next_hops(reach, peer);
    if (gateways.empty()) continue;
    for (std::size_t i = 0; i + 1 < subnets.size(); ++i) add(subnets[i], gateways, result);
    add(subnets.back(), std::move(gateways), result);
  }
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    auto gateways = topology.next_hops_to_segment(reach, i);
    if (!gateways.empty()) add(inventory.segments[i].subnet, std::move(gateways), result);
  }
  // Mostly in order already, as the inventory is.
  if (!std::is_sorted(result.begin(), result.end())) std::sort(result.begin(), result.end());
  return result;
}

std::vector<model::Route> shim_routes(const inventory::Inventory& inventory,
                                      const inventory::Host& host, const model::HostFacts& facts) {
  std::vector<model::Route> result;
  for (const auto& [part, link] : shims(inventory, host, facts)) {
    const auto& network = inventory.networks[part->network];
    if (somebody_elses(facts, network.maker, network.driver, link.name)) continue;
    const model::Prefix destination = part->range.value_or(part->subnet);
    result.push_back(
        {destination, model::RouteKind::kUnicast, model::route_metric(destination), {}, link.name});
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<model::Route> fallback_routes(const inventory::Inventory& inventory) {
  const auto& cluster = inventory.cluster;
  if (cluster.fallback == inventory::Fallback::kNone) return {};
  std::vector<model::Prefix> subnets;
  subnets.reserve(inventory.hosts.size() + 1);
  if (cluster.fallback == inventory::Fallback::kPool) subnets.push_back(*cluster.pool);
  for (const inventory::Host& host : inventory.hosts) {
    if (host.bip) subnets.push_back(host.bip->prefix());
    const bool more = host.bip && (host.previous_bip || host.held);
    if (!more && !host.networks) continue;
    for (const auto& subnet : host.bridge_subnets()) subnets.push_back(subnet);
  }
  std::vector<model::Route> result;
  for (const auto& subnet : model::aggregate(std::move(subnets))) {
    result.push_back(model::fallback_route(subnet));
  }
  return result;
}

}  // namespace overland::desired
