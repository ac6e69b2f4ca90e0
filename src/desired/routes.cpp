#include "desired/routes.h"

#include <algorithm>
#include <utility>

#include "inventory/topology.h"

namespace overland::desired {
namespace {

void add(const model::Prefix& destination, std::vector<model::Address> gateways,
         std::vector<model::Route>& routes) {
  routes.push_back({destination, model::route_metric(destination), std::move(gateways)});
}

}  // namespace

std::vector<model::Route> routes(const inventory::Inventory& inventory,
                                 const inventory::Host& host) {
  const inventory::Topology topology(inventory);
  const inventory::Reach reach = topology.reach(host);
  std::vector<model::Route> result;
  result.reserve(inventory.hosts.size());
  for (const inventory::Host& peer : inventory.hosts) {
    if (&peer == &host || (!peer.bip && !peer.previous_bip)) continue;
    auto gateways = topology.next_hops(reach, peer);
    if (gateways.empty()) continue;
    const auto subnets = peer.bridge_subnets();
    for (std::size_t i = 1; i < subnets.size(); ++i) add(subnets[i], gateways, result);
    add(subnets.front(), std::move(gateways), result);
  }
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    auto gateways = topology.next_hops_to_segment(reach, i);
    if (!gateways.empty()) add(inventory.segments[i].subnet, std::move(gateways), result);
  }
  // Mostly in order already, as the inventory is.
  if (!std::is_sorted(result.begin(), result.end())) std::sort(result.begin(), result.end());
  return result;
}

}  // namespace overland::desired
