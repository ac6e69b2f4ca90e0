#include "desired/firewall.h"

#include <algorithm>
#include <set>

#include "desired/derive.h"
#include "inventory/topology.h"

namespace overland::desired {
namespace {

using model::Prefix;

/// The bridge subnets whose traffic we let in and whose source addresses we keep: the desired one,
/// and the live one while it is the one peers still have routes to. A live subnet that no peer
/// knows (Docker's default before its first restart) stays masqueraded, or its replies were lost.
std::vector<Prefix> local_subnets(const inventory::Host& host, const model::HostFacts& facts) {
  if (!host.bip) return {};
  std::vector<Prefix> subnets = {host.bip->prefix()};
  const auto bridge = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return link.name == host.docker.bridge;
  });
  if (bridge != facts.links.end() && host.previous_bip) {
    for (const auto& address : bridge->addresses) {
      if (address.prefix() == host.previous_bip->prefix()) subnets.push_back(address.prefix());
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

/// Segments whose every address may reach containers: said so, or used by nobody but routers and
/// the containers on macvlan networks behind them.
std::vector<Prefix> trusted_segments(const inventory::Inventory& inventory) {
  std::vector<bool> plain_host(inventory.segments.size(), false);
  for (const auto& host : inventory.hosts) {
    if (host.router) continue;
    for (const auto& address : host.addresses) plain_host[address.segment] = true;
  }
  const auto outside = outside_segments(inventory);
  std::vector<Prefix> result;
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    const auto& segment = inventory.segments[i];
    const bool whole = segment.trust == inventory::Trust::kSubnet ||
                       (segment.trust == inventory::Trust::kAuto && !plain_host[i] && !outside[i]);
    if (whole) result.push_back(segment.subnet);
  }
  return result;
}

void add_peers(const inventory::Inventory& inventory, const inventory::Host& host,
               model::FirewallPolicy& policy) {
  for (const auto& peer : inventory.hosts) {
    if (&peer == &host) continue;
    for (const auto& subnet : peer.bridge_subnets()) policy.peer_subnets.push_back(subnet);
    for (const auto& address : peer.addresses) policy.peer_hosts.emplace_back(address.address);
  }
  for (const auto& segment : trusted_segments(inventory)) policy.peer_hosts.push_back(segment);
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
      const auto link = underlay_link(inventory, host, facts, i);
      // What leaves by a link is translated or not, whichever of its segments it leaves to.
      const bool taken =
          !translated &&
          std::any_of(policy.masquerades.begin(), policy.masquerades.end(),
                      [&](const auto& entry) { return entry.translated && entry.link == link; });
      auto sources = leaving_by(inventory, policy, out);
      if (!link || taken || sources.empty()) continue;
      policy.masquerades.push_back({*link, std::move(sources), translated});
    }
  };
  add(host.masquerade, true);
  add(towards_masquerades(inventory, host), false);
  std::sort(policy.masquerades.begin(), policy.masquerades.end());
}

void add_transit(const inventory::Inventory& inventory, model::FirewallPolicy& policy) {
  const auto outside = outside_segments(inventory);
  policy.transit = policy.peer_subnets;
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
  if (!host.bip && !host.router) return std::nullopt;
  model::FirewallPolicy policy;
  policy.variant = facts.firewall.variant.value_or(model::FirewallVariant::kNft);
  policy.anchor = anchor(facts);
  policy.mark = host.firewall.mark;
  policy.conntrack = host.firewall.conntrack;
  if (host.bip) policy.bridges = {host.docker.bridge};
  policy.underlay_links = underlay_links(inventory, host, facts);
  policy.local = local_subnets(host, facts);
  add_peers(inventory, host, policy);
  if (host.router) {
    add_transit(inventory, policy);
    add_ways_out(inventory, host, facts, policy);
  }
  return policy;
}

}  // namespace overland::desired
