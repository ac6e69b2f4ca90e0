#include "desired/firewall.h"

#include <algorithm>
#include <set>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "desired/docker.h"
#include "desired/guard.h"
#include "desired/ingress.h"
#include "desired/ipvlan_guards.h"
#include "desired/tunnel.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using model::Prefix;

/// The bridge subnets whose traffic we let in and whose source addresses we keep: the desired one,
/// and the live one while it is one peers still have routes to. A live subnet that no peer knows
/// (Docker's default before its first restart) stays masqueraded, or its replies were lost.
std::vector<Prefix> local_subnets(const inventory::Host& host, const model::HostFacts& facts) {
  if (!host.bip) return {};
  std::vector<Prefix> subnets = {host.bip->prefix()};
  const auto bridge = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return link.name == host.docker.bridge;
  });
  if (bridge != facts.links.end()) {
    auto known = host.held ? *host.held : std::vector<Prefix>();
    for (const auto& bip : {host.bip, host.previous_bip}) {
      if (bip) known.push_back(bip->prefix());
    }
    for (const auto& address : bridge->addresses) {
      const bool routed = std::any_of(known.begin(), known.end(), [&](const Prefix& subnet) {
        return subnet.contains(address.prefix());
      });
      if (routed) subnets.push_back(address.prefix());
    }
  }
  return model::aggregate(std::move(subnets));
}

/// Segments that lead out of the cluster: a router masquerades into them and nobody said that they
/// are trusted. Only the inventory's own addresses in them belong to the cluster.
std::vector<bool> outside_segments(const inventory::Inventory& inventory) {
  std::vector<bool> outside(inventory.segments.size(), false);
  for (const auto& host : inventory.hosts) {
    for (const std::size_t segment : host.masquerade) {
      outside[segment] = inventory.segments[segment].trust != inventory::Trust::kSubnet;
    }
  }
  return outside;
}

std::vector<bool> trusted_segments(const inventory::Inventory& inventory) {
  std::vector<bool> result;
  for (const auto& segment : inventory.segments) {
    result.push_back(segment.trust == inventory::Trust::kSubnet);
  }
  return result;
}

/// Machines of a segment trusted as a whole are no hosts: a container may well route for them.
/// Nor are this host's own containers in a segment others. Peers behind a tunnel are.
std::optional<std::vector<Prefix>> other_hosts(const inventory::Inventory& inventory,
                                               const inventory::Host& host,
                                               const std::vector<bool>& trusted) {
  const inventory::Tunnels tunnels(inventory);
  const std::size_t self = inventory::index_of(inventory, host);
  bool apart = std::find(trusted.begin(), trusted.end(), true) != trusted.end() ||
               !container_ranges(inventory, host).empty();
  std::vector<Prefix> result;
  for (const auto& peer : inventory.hosts) {
    if (&peer == &host) continue;
    apart = apart || tunnels.apart(self, inventory::index_of(inventory, peer));
    for (const auto& address : peer.addresses) result.emplace_back(address.address);
    for (const auto& one : container_ranges(inventory, peer)) result.push_back(one.range);
    const auto closed = closed_subnets(inventory, peer);
    result.insert(result.end(), closed.begin(), closed.end());
    apart = apart || !closed.empty();
  }
  if (!apart) return std::nullopt;
  return model::aggregate(std::move(result));
}

/// The networks, by index, that are closed and that this host has a part of.
Networks closed_here(const inventory::Inventory& inventory,
                     const std::vector<RoutedNetwork>& networks) {
  Networks result(inventory.networks.size());
  for (const auto& one : networks) result[one.network] = is_closed(inventory.networks[one.network]);
  return result;
}

/// Which containers join which: each pair once, whichever of the two names the other.
void add_joins(const inventory::Inventory& inventory, const std::vector<RoutedNetwork>& networks,
               const model::Behind& docker, model::FirewallPolicy& policy) {
  const auto part_of = [&](const std::string& name) -> std::optional<model::Behind> {
    if (name == "docker0") {
      return docker.subnets.empty() ? std::nullopt : std::optional(docker);
    }
    for (const auto& one : networks) {
      if (inventory.networks[one.network].name == name) {
        return model::Behind{one.link, {one.subnet}};
      }
    }
    return std::nullopt;
  };
  for (const auto& one : networks) {
    for (const auto& name : inventory.networks[one.network].join) {
      auto other = part_of(name);
      model::Behind own = {one.link, {one.subnet}};
      if (!other || other->link == own.link) continue;
      if (*other < own) std::swap(own, *other);
      policy.joins.push_back({std::move(own), *std::move(other)});
    }
  }
  std::sort(policy.joins.begin(), policy.joins.end());
  policy.joins.erase(std::unique(policy.joins.begin(), policy.joins.end()), policy.joins.end());
}

/// This host's containers, and which links they are behind.
void add_own(const inventory::Inventory& inventory, const inventory::Host& host,
             const model::HostFacts& facts, const std::vector<RoutedNetwork>& networks,
             const Networks& closed, model::FirewallPolicy& policy) {
  const model::Behind docker = {host.docker.bridge, local_subnets(host, facts)};
  if (host.bip) policy.behind.push_back(docker);
  for (const auto& one : networks) {
    if (!closed[one.network]) {
      policy.behind.push_back({one.link, {one.subnet}});
    } else {
      policy.closed.push_back({one.link, {one.subnet}, namesakes(inventory, host, one.network)});
    }
  }
  std::sort(policy.behind.begin(), policy.behind.end());
  std::sort(policy.closed.begin(), policy.closed.end());
  for (const auto& [link, subnets] : policy.behind) {
    policy.bridges.push_back(link);
    policy.local.insert(policy.local.end(), subnets.begin(), subnets.end());
  }
  policy.local = model::aggregate(std::move(policy.local));
  if (policy.behind.size() == 1) policy.behind.clear();
  add_joins(inventory, networks, docker, policy);
}

/// Whatever addresses the host has or gets on the link below a shim.
void add_arp_guards(const inventory::Inventory& inventory, const inventory::Host& host,
                    const model::HostFacts& facts, model::FirewallPolicy& policy) {
  for (const auto& [part, link] : shims(inventory, host, facts)) {
    if (inventory.networks[part->network].is_routed_ipvlan()) continue;  // knows no ARP
    policy.arp_guards.push_back(
        {link.name, part->range.value_or(part->subnet), link.address.address});
  }
  std::sort(policy.arp_guards.begin(), policy.arp_guards.end());
}

void add_peers(const inventory::Inventory& inventory, const inventory::Host& host,
               const std::vector<bool>& trusted, model::FirewallPolicy& policy) {
  const inventory::Tunnels tunnels(inventory);
  const std::size_t self = inventory::index_of(inventory, host);
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const auto& peer = inventory.hosts[i];
    if (i == self) continue;
    for (const auto& subnet : open_subnets(inventory, peer)) policy.peer_subnets.push_back(subnet);
    if (tunnels.apart(self, i)) continue;  // the network between drops containers' addresses
    for (const auto& address : peer.addresses) policy.peer_hosts.emplace_back(address.address);
  }
  for (const auto& any : inventory.hosts) {  // this one too: its own send by the segment as well
    for (const auto& [range, segment] : container_ranges(inventory, any)) {
      if (!tunnels.apart_from(self, segment)) policy.peer_hosts.push_back(range);
    }
  }
  for (std::size_t i = 0; i < trusted.size(); ++i) {
    const bool near = trusted[i] && !tunnels.apart_from(self, i);
    if (near) policy.peer_hosts.push_back(inventory.segments[i].subnet);
  }
  policy.peer_subnets = model::aggregate(std::move(policy.peer_subnets));
  policy.peer_hosts = model::aggregate(std::move(policy.peer_hosts));
}

/// What of the cluster leaves it by way of segment `out`.
std::vector<Prefix> leaving_by(const inventory::Inventory& inventory,
                               const model::FirewallPolicy& policy, std::size_t out) {
  const auto outside = outside_segments(inventory);
  std::vector<Prefix> sources = policy.peer_subnets;
  for (std::size_t s = 0; s < inventory.segments.size(); ++s) {
    if (s != out && !outside[s]) sources.push_back(inventory.segments[s].subnet);
  }
  return model::aggregate(std::move(sources));
}

/// The segments towards routers that masquerade what this one only passes on to them.
std::set<std::size_t> towards_masquerades(const inventory::Inventory& inventory,
                                          const inventory::Host& host) {
  const inventory::Topology topology(inventory);
  const auto reach = topology.reach(host);
  std::set<std::size_t> result;
  for (const auto& router : inventory.hosts) {
    if (&router == &host) continue;
    for (const std::size_t segment : router.masquerade) {
      for (const auto& gateway : topology.next_hops_to_segment(reach, segment)) {
        for (const auto& own : host.addresses) {
          if (inventory.segments[own.segment].subnet.contains(gateway)) result.insert(own.segment);
        }
      }
    }
  }
  return result;
}

void add_ways_out(const inventory::Inventory& inventory, const inventory::Host& host,
                  const model::HostFacts& facts, model::FirewallPolicy& policy) {
  const auto add = [&](const auto& segments, bool translated) {
    for (std::size_t i = 0; i < host.addresses.size(); ++i) {
      const std::size_t out = host.addresses[i].segment;
      if (std::find(segments.begin(), segments.end(), out) == segments.end()) continue;
      for (const std::string& link : links_into(inventory, host, facts, i)) {
        // What leaves by a link is translated or not, whichever of its segments it leaves to.
        const bool taken =
            !translated &&
            std::any_of(policy.masquerades.begin(), policy.masquerades.end(),
                        [&](const auto& entry) { return entry.translated && entry.link == link; });
        auto sources = leaving_by(inventory, policy, out);
        if (taken || sources.empty()) continue;
        policy.masquerades.push_back({link, std::move(sources), translated});
      }
    }
  };
  add(host.masquerade, true);
  add(towards_masquerades(inventory, host), false);
  std::sort(policy.masquerades.begin(), policy.masquerades.end());
}

void add_transit(const inventory::Inventory& inventory, const inventory::Host& host,
                 model::FirewallPolicy& policy) {
  const auto outside = outside_segments(inventory);
  policy.transit = policy.peer_subnets;
  for (const auto& peer : inventory.hosts) {
    if (&peer == &host) continue;
    const auto closed = closed_subnets(inventory, peer);
    policy.transit.insert(policy.transit.end(), closed.begin(), closed.end());
  }
  for (const auto& any : inventory.hosts) {
    for (const auto& [range, segment] : container_ranges(inventory, any)) {
      const bool within = inventory.segments[segment].subnet.contains(range);
      if (outside[segment] || !within) policy.transit.push_back(range);
    }
  }
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    if (!outside[i]) policy.transit.push_back(inventory.segments[i].subnet);
  }
  for (const auto& peer : inventory.hosts) {
    for (const auto& [address, segment] : peer.addresses) {
      if (outside[segment]) policy.transit.emplace_back(address);
    }
  }
  policy.transit = model::aggregate(std::move(policy.transit));
}

model::FirewallAnchor anchor(const model::HostFacts& facts) {
  if (facts.firewall.docker_nft_backend) return model::FirewallAnchor::kDockerNft;
  return facts.docker.installed ? model::FirewallAnchor::kDockerUser
                                : model::FirewallAnchor::kForward;
}

}  // namespace

std::optional<model::FirewallPolicy> firewall(const inventory::Inventory& inventory,
                                              const inventory::Host& host,
                                              const model::HostFacts& facts) {
  const bool containers = routes_containers(inventory, host);
  model::FirewallPolicy policy;
  add_arp_guards(inventory, host, facts, policy);
  const bool guards = !policy.arp_guards.empty() || guards_ipvlan(inventory, host);
  if (!containers && !host.router && !guards) return std::nullopt;
  policy.variant = facts.firewall.variant.value_or(model::FirewallVariant::kNft);
  policy.anchor = anchor(facts);
  policy.mark = host.firewall.mark;
  policy.conntrack = host.firewall.conntrack;
  policy.guard = guard(inventory, host, facts);
  const auto networks = routed_networks(inventory, host, facts);
  const auto closed = closed_here(inventory, networks);
  add_own(inventory, host, facts, networks, closed, policy);
  const SegmentKinds kinds = {trusted_segments(inventory), outside_segments(inventory)};
  policy.ingress = ingress(inventory, host, facts, kinds, closed);
  add_peers(inventory, host, kinds.trusted, policy);
  policy.tunnel = tunnel_policy(inventory, host);
  policy.ipvlan_guards = ipvlan_guards(inventory, host, facts, policy);
  policy.direct_drop = direct_drop(inventory, host, facts, policy);
  policy.stops_forgers = (containers || facts.docker.installed) && !facts.firewall.no_link_kinds;
  if (policy.stops_forgers) policy.others = other_hosts(inventory, host, kinds.trusted);
  if (host.router) {
    add_transit(inventory, host, policy);
    add_ways_out(inventory, host, facts, policy);
  }
  return policy;
}

}  // namespace overland::desired
