#include "desired/path_refusal.h"

#include <algorithm>

#include "desired/firewall.h"
#include "desired/path_networks.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;

bool holds(const std::vector<model::Prefix>& prefixes, const model::Address& address) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return prefix.contains(address); });
}

/// A host sends into a tunnel with its bip, whatever address it was asked for by.
bool by_tunnel(const Inventory& inventory, const Endpoint& from, const Endpoint& to) {
  return from.kind == Endpoint::Kind::kHost &&
         inventory::Tunnels(inventory).between(from.host, to.host);
}

}  // namespace

std::string refusal(const Inventory& inventory, const Endpoint& from, const Endpoint& to) {
  if (to.kind != Endpoint::Kind::kContainer) return {};
  if (auto apart = kept_apart(inventory, from, to); !apart.empty()) return apart;
  const bool range = from.network && from.kind == Endpoint::Kind::kNeighbour;
  if (range || same_network(inventory, from, to) || by_tunnel(inventory, from, to)) return {};
  const Host& host = inventory.hosts[to.host];
  const auto policy = firewall(inventory, host, {});
  if (!policy || holds(policy->local, from.address) || holds(policy->peer_subnets, from.address) ||
      holds(policy->peer_hosts, from.address)) {
    return {};
  }
  if (from.kind == Endpoint::Kind::kNeighbour) {
    return host.name + " lets " + from.address.to_string() +
           " reach published ports only: it is no host of the inventory; trust = \"subnet\" for "
           "segment " +
           inventory.segments[from.segment].name + " would let it in";
  }
  if (from.host == to.host) return {};
  return host.name + " does not trust " + from.address.to_string();
}

}  // namespace overland::desired
