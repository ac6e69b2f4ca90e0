#include "desired/path.h"

#include <algorithm>
#include <utility>

#include "desired/path_networks.h"
#include "desired/path_refusal.h"
#include "desired/path_tunnel.h"
#include "desired/routes.h"
#include "inventory/topology.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;

class Walk {
 public:
  Walk(const Inventory& inventory, const Endpoint& to) : inventory_(inventory), to_(to) {
    every_ = inventory;
    every_.cluster.ecmp = true;  // the routes that were equal, chosen or not
  }

  Path from(const Endpoint& start) {
    std::optional<std::size_t> at = leave(start);
    const std::size_t most = inventory_.segments.size() + 2;
    while (at && path_.stages.size() <= most) at = forward(*at);
    if (at) path_.stuck = "the packet goes in circles at " + name(*at);
    return std::move(path_);
  }

 private:
  [[nodiscard]] const std::string& name(std::size_t host) const {
    return inventory_.hosts[host].name;
  }

  [[nodiscard]] std::string medium(std::size_t segment) const {
    const auto& one = inventory_.segments[segment];
    return "segment " + one.name + (one.vlan ? " (VLAN " + std::to_string(*one.vlan) + ")" : "");
  }

  [[nodiscard]] std::string bridge(std::size_t host) const {
    return "bridge " + inventory_.hosts[host].docker.bridge;
  }

  [[nodiscard]] std::string station(const Endpoint& endpoint) const {
    return endpoint.kind == Endpoint::Kind::kHost ? name(endpoint.host)
                                                  : endpoint.address.to_string();
  }

  void add(std::string from, std::string to, std::optional<std::size_t> segment, std::string over,
           const model::Address& next, std::string why) {
    path_.stages.push_back(
        {std::move(from), std::move(to), segment, std::move(over), next, {}, std::move(why)});
  }

  /// The first stage of a sender that has no routes of ours. The host it leads to, if any.
  std::optional<std::size_t> leave(const Endpoint& start) {
    if (start.kind == Endpoint::Kind::kHost) return start.host;
    if (start.network) return leave_network(start);
    return start.kind == Endpoint::Kind::kContainer ? leave_container(start)
                                                    : leave_neighbour(start);
  }

  std::optional<std::size_t> leave_container(const Endpoint& start) {
    const Host& host = inventory_.hosts[start.host];
    const auto& bip =
        host.bip && host.bip->prefix().contains(start.address) ? *host.bip : *host.previous_bip;
    if (bip.prefix().contains(to_.address)) {
      add(station(start), station(to_), std::nullopt, bridge(start.host), to_.address,
          "both are on the same bridge");
      return std::nullopt;
    }
    add(station(start), host.name, std::nullopt, bridge(start.host), bip.address,
        "the bridge's address is a container's default gateway");
    return start.host;
  }

  std::optional<std::size_t> leave_network(const Endpoint& start) {
    const auto& network = network_of(inventory_, start);
    const auto& part = part_of(inventory_, start);
    const bool bridge = !part.range;
    const bool own = is_of(to_, start.host) && to_.kind == Endpoint::Kind::kHost;
    if (part.subnet.contains(to_.address) && !own) {
      add(station(start), station(to_), bridge ? std::nullopt : network.segment,
          bridge ? link_to(inventory_, start) : wire(network), to_.address,
          network.driver == model::NetworkDriver::kBridge ? "both are on the same bridge"
                                                          : "both are in the same subnet");
      return std::nullopt;
    }
    if (network.internal) {
      path_.stuck = "network " + network.name + " is internal: no way leads out of it";
      return std::nullopt;
    }
    if (is_of(to_, start.host) && !bridge && !network.shim) {
      path_.stuck = "macvlan keeps containers from their own host; shim = true would join them";
      return std::nullopt;
    }
    if (bridge || network.gateway == inventory::Gateway::kShim || is_of(to_, start.host)) {
      const auto [first, why] = first_hop(inventory_, start);
      add(station(start), name(start.host), std::nullopt, link_to(inventory_, start), first, why);
      return start.host;
    }
    return leave_by_gateway(start, network, part);
  }

  std::optional<std::size_t> leave_by_gateway(const Endpoint& start,
                                              const inventory::Network& network,
                                              const inventory::HostNetwork& part) {
    for (std::size_t i = 0; part.gateway && i < inventory_.hosts.size(); ++i) {
      for (const auto& own : inventory_.hosts[i].addresses) {
        if (own.address != part.gateway) continue;
        add(station(start), name(i), network.segment, wire(network), *part.gateway,
            "it is the gateway of network " + network.name);
        return i;
      }
    }
    path_.stuck = "the gateway of network " + network.name + " is no host of the inventory";
    return std::nullopt;
  }

  [[nodiscard]] std::string wire(const inventory::Network& network) const {
    return network.segment ? medium(*network.segment) : "link " + network.parent;
  }

  std::optional<std::size_t> leave_neighbour(const Endpoint& start) {
    const auto& segment = inventory_.segments[start.segment];
    if (segment.subnet.contains(to_.address)) {
      add(station(start), station(to_), start.segment, medium(start.segment), to_.address,
          "both are in the same segment");
      return std::nullopt;
    }
    for (std::size_t i = 0; i < inventory_.hosts.size(); ++i) {
      const auto* gateway = inventory_.hosts[i].address_in(start.segment);
      if (!inventory_.hosts[i].router || gateway == nullptr) continue;
      add(station(start), name(i), start.segment, medium(start.segment), *gateway,
          "its default gateway has to be a router; " + name(i) + " is the first in " +
              segment.name);
      return i;
    }
    path_.stuck = "segment " + segment.name + " has no router, so that " + station(start) +
                  " needs routes of its own";
    return std::nullopt;
  }

  /// What host number `at` does with the packet. The host it goes to next, if any.
  std::optional<std::size_t> forward(std::size_t at) {
    const Host& host = inventory_.hosts[at];
    if (is_of(to_, at)) {
      arrive(host);
      return std::nullopt;
    }
    for (const auto& own : host.addresses) {
      const auto& segment = inventory_.segments[own.segment];
      const bool led = to_.kind == Endpoint::Kind::kContainer;  // a range in it leads to its host
      if (led || !segment.subnet.contains(to_.address)) continue;
      add(host.name, station(to_), own.segment, medium(own.segment), to_.address,
          "the host has an address in " + segment.name + ", too");
      return std::nullopt;
    }
    return route(at, host);
  }

  void arrive(const Host& host) {
    if (to_.kind == Endpoint::Kind::kHost) return;
    const std::string link = link_to(inventory_, to_);
    if (link.empty()) {
      path_.stuck = "macvlan keeps " + host.name + " from its own containers; shim = true would " +
                    "join them";
      return;
    }
    add(host.name, station(to_), std::nullopt, link, to_.address,
        to_.network ? "it is in network " + network_of(inventory_, to_).name + " of this host"
                    : "it lies in the host's own bridge subnet");
  }

  std::optional<std::size_t> route(std::size_t at, const Host& host) {
    const auto found = longest_match(routes(inventory_, host));
    if (!found && between_sites(inventory_, at, to_)) {
      path_.stages.push_back(site_stage(inventory_, at, to_));
      return std::nullopt;
    }
    if (found && found->link) {
      path_.stages.push_back(tunnel_stage(inventory_, at, to_.host, found->destination));
      return to_.host;
    }
    if (!found) {
      path_.stuck = host.name + " has no route to " + to_.address.to_string() +
                    ": no router connects its segments with it";
      return std::nullopt;
    }
    const auto& gateway = found->gateways.front();
    const auto owner = owner_of(host, gateway);
    if (!owner) {
      path_.stuck = "the next hop " + gateway.to_string() + " is in no segment of " + host.name;
      return std::nullopt;
    }
    const auto [next, segment] = *owner;
    const auto equal = longest_match(routes(every_, every_.hosts[at]));
    add(host.name, name(next), segment, medium(segment), gateway,
        why(*found, host, next, equal ? equal->gateways.size() : 1));
    if (found->gateways.size() > 1) path_.stages.back().equals = found->gateways;
    return next;
  }

  [[nodiscard]] std::optional<model::Route> longest_match(
      const std::vector<model::Route>& table) const {
    const model::Route* best = nullptr;
    for (const auto& route : table) {
      if (!route.destination.contains(to_.address)) continue;
      if (best == nullptr || route.destination.length() > best->destination.length()) best = &route;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

  /// The host that owns `gateway`, and the segment it shares with `host`.
  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> owner_of(
      const Host& host, const model::Address& gateway) const {
    for (std::size_t i = 0; i < inventory_.hosts.size(); ++i) {
      for (const auto& address : inventory_.hosts[i].addresses) {
        if (address.address == gateway && host.address_in(address.segment) != nullptr) {
          return std::pair(i, address.segment);
        }
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string why(const model::Route& route, const Host& host, std::size_t next,
                                std::size_t equal) const {
    const std::string subnet = route.destination.to_string();
    const bool peer = to_.kind != Endpoint::Kind::kNeighbour;
    const bool bridged = peer && is_bridge_subnet(inventory_.hosts[to_.host], route.destination);
    const std::string network = peer ? whose(inventory_, to_.host, route.destination) : "";
    const std::string text = !network.empty()
                                 ? network
                                 : subnet + (bridged ? " is the bridge subnet of " + name(to_.host)
                                                     : " is a segment " + host.name + " is not in");
    const std::string choice =
        equal < 2 ? ""
        : inventory_.cluster.ecmp
            ? ", one of " + std::to_string(equal) + " equal next hops"
            : ", the first in the inventory of " + std::to_string(equal) + " equal next hops";
    if (peer && next == to_.host) {
      return text +
             (bridged ? ", which is in this segment, too" : "; " + name(next) + " is in it") +
             choice;
    }
    return text + "; the shortest way is over " + name(next) + choice;
  }

  static bool is_bridge_subnet(const Host& host, const model::Prefix& subnet) {
    const auto subnets = host.bridge_subnets();
    return std::find(subnets.begin(), subnets.end(), subnet) != subnets.end();
  }

  const Inventory& inventory_;
  Inventory every_;
  const Endpoint& to_;
  Path path_;
};

}  // namespace

Path find_path(const Inventory& inventory, const Endpoint& from, const Endpoint& to) {
  Path path = Walk(inventory, to).from(from);
  if (path.stuck.empty()) {
    path.refused = refusal(inventory, from, to);
    add_source(inventory, from, to, path);
  }
  return path;
}

Endpoint seen_as(const Endpoint& from, const Path& there) {
  Endpoint result = from;
  if (there.source) result.address = *there.source;
  return result;
}

bool same_way(const Path& there, const Path& back) {
  if (!there.masquerader.empty()) return true;  // connection tracking leads it back
  return std::equal(there.stages.begin(), there.stages.end(), back.stages.rbegin(),
                    back.stages.rend(), [](const Stage& one, const Stage& other) {
                      return one.from == other.to && one.to == other.from &&
                             one.segment == other.segment;
                    });
}

}  // namespace overland::desired
