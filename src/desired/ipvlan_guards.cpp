#include "desired/ipvlan_guards.h"

#include <algorithm>

#include "desired/container_networks.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::HostNetwork;
using inventory::Inventory;
using inventory::Network;
using model::Prefix;

void append(std::vector<Prefix>& into, const std::vector<Prefix>& more) {
  into.insert(into.end(), more.begin(), more.end());
}

/// All that the cluster sends from, as far as it comes in by that link. By one that is none of the
/// underlay's nobody sends.
std::vector<Prefix> cluster_by(const std::string& link, const model::FirewallPolicy& policy) {
  const auto by = std::ranges::find(policy.ingress, link, &model::Ingress::link);
  if (by == policy.ingress.end()) return {};
  std::vector<Prefix> result = believed(by->subnets, policy.peer_subnets);
  append(result, believed(by->hosts, policy.peer_hosts));
  return result;
}

std::vector<Prefix> trusted(const Inventory& inventory, const Host& host, const HostNetwork& part,
                            const std::string& parent, const model::FirewallPolicy& policy) {
  const Network& network = inventory.networks[part.network];
  if (network.internal) return {};
  if (is_closed(network)) return namesakes(inventory, host, part.network);
  return model::aggregate(cluster_by(parent, policy));
}

}  // namespace

bool guards_ipvlan(const Inventory& inventory, const Host& host) {
  return host.networks && std::ranges::any_of(*host.networks, [&](const HostNetwork& part) {
           return inventory.networks[part.network].is_routed_ipvlan();
         });
}

std::vector<model::IpvlanGuard> ipvlan_guards(const Inventory& inventory, const Host& host,
                                              const model::HostFacts& facts,
                                              const model::FirewallPolicy& policy) {
  std::vector<model::IpvlanGuard> result;
  if (!host.networks) return result;
  for (const HostNetwork& part : *host.networks) {
    const Network& network = inventory.networks[part.network];
    const bool tracked = network.mode == "l3s";
    if (!network.is_routed_ipvlan() || (!tracked && facts.firewall.no_link_guards)) continue;
    const auto parent = parent_of(inventory, host, facts, network);
    if (!parent) continue;
    result.push_back(
        {*parent, part.subnet, trusted(inventory, host, part, *parent, policy), tracked});
  }
  std::ranges::sort(result);
  return result;
}

}  // namespace overland::desired
