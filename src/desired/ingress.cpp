#include "desired/ingress.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "desired/tunnel.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using inventory::Arrivals;
using inventory::Host;
using inventory::Inventory;
using model::Prefix;

bool meet(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other) {
  return std::find_first_of(one.begin(), one.end(), other.begin(), other.end()) != one.end();
}

/// What a link believes of a list. It is gone through twice, since mostly all of it is believed,
/// which takes no room at all.
struct Believed {
  bool all = true;
  std::vector<Prefix> prefixes = {};

  void add(const Prefix& prefix, bool comes, bool again) {
    all = all && comes;
    if (comes && again && !all) prefixes.push_back(prefix);
  }
  std::optional<std::vector<Prefix>> take() {
    if (all) return std::nullopt;
    return model::aggregate(std::move(prefixes));
  }
};

struct Lists {
  Believed subnets;
  Believed hosts;
  Believed transit;
  Believed closed;
};

/// Machines in segment `of` come in on the link, by index.
using Heard = std::vector<bool>;

/// What is the same for all links.
struct Scene {
  const Inventory& inventory;
  const SegmentKinds& kinds;
  const Networks& closed_here;
  const inventory::Tunnels tunnels;
  std::size_t self;
  Arrivals arrivals;
};

/// Containers with addresses in a segment, this host's own too: they send to whatever router they
/// have.
void add_ranges(const Scene& scene, const Host& peer, const Heard& heard, bool again,
                Lists& lists) {
  for (const auto& [range, segment] : container_ranges(scene.inventory, peer)) {
    const bool listed = !scene.tunnels.apart_from(scene.self, segment);
    if (listed) lists.hosts.add(range, heard[segment], again);
    const bool within = scene.inventory.segments[segment].subnet.contains(range);
    if (scene.kinds.outside[segment] || !within) lists.transit.add(range, heard[segment], again);
  }
}

/// `forwarded`: as far as a router passes it on.
void add_subnets(const Scene& scene, const Host& peer, bool comes, bool forwarded, bool again,
                 Lists& lists) {
  for (const Prefix& subnet : open_subnets(scene.inventory, peer)) {
    lists.subnets.add(subnet, comes, again);
    lists.transit.add(subnet, forwarded, again);
  }
  if (!peer.networks) return;
  for (const auto& part : *peer.networks) {
    const auto& network = scene.inventory.networks[part.network];
    if (!part.routed || network.internal || !is_closed(network)) continue;
    lists.transit.add(*part.routed, forwarded, again);
    if (scene.closed_here[part.network]) lists.closed.add(*part.routed, comes, again);
  }
}

/// Whether what `peer` sends comes in by way of `segments`, in the peer's own address or its
/// containers', without a tunnel.
bool comes_plain(const Scene& scene, const Host& peer, const std::vector<std::size_t>& segments,
                 const Heard& heard) {
  const auto& strangers_by = scene.arrivals.strangers_by;
  const bool unled =
      std::all_of(peer.addresses.begin(), peer.addresses.end(),
                  [&](const auto& own) { return strangers_by[own.segment].empty(); });
  const std::size_t index = inventory::index_of(scene.inventory, peer);
  if (unled && scene.tunnels.apart(scene.self, index)) return false;
  bool comes = scene.arrivals.comes_by(peer, segments);
  const bool told = peer.router || routes_containers(scene.inventory, peer);
  if (unled || !told) {  // may know nothing of overland's routes
    for (const auto& own : peer.addresses) comes = comes || heard[own.segment];
  }
  return comes;
}

/// Goes through all senders; what comes in by way of `segments`, those one link leads into, is
/// believed. What no router of the inventory leads here comes by one that it does not know: that
/// may be on any link, but for those that lead out of the cluster. By the tunnel come containers of
/// those it leads to: nobody sends there in an address of the underlay, and what came through it no
/// router passes on.
void go_through(const Scene& scene, const std::vector<std::size_t>& segments, bool by_tunnel,
                bool again, Lists& lists) {
  const Inventory& inventory = scene.inventory;
  const auto& outside = scene.kinds.outside;
  const bool within = std::any_of(segments.begin(), segments.end(),
                                  [&](std::size_t segment) { return !outside[segment]; });
  Heard heard(inventory.segments.size());
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const auto& ends = scene.arrivals.strangers_by[i];
    heard[i] = ends.empty() ? within : meet(ends, segments);
    const Prefix& subnet = inventory.segments[i].subnet;
    const bool listed = scene.kinds.trusted[i] && !scene.tunnels.apart_from(scene.self, i);
    if (listed) lists.hosts.add(subnet, heard[i], again);
    if (!outside[i]) lists.transit.add(subnet, heard[i], again);
  }
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const Host& peer = inventory.hosts[i];
    add_ranges(scene, peer, heard, again, lists);
    if (i == scene.self) continue;
    const bool comes = !by_tunnel && comes_plain(scene, peer, segments, heard);
    const bool tunnelled = scene.tunnels.between(scene.self, i);
    add_subnets(scene, peer, by_tunnel ? tunnelled : comes && !tunnelled, comes, again, lists);
    const bool listed = !scene.tunnels.apart(scene.self, i);
    for (const auto& [address, segment] : peer.addresses) {
      if (listed) lists.hosts.add(Prefix(address), comes, again);
      // Elsewhere the whole segment is transit, and an address of it may come by another one.
      if (comes || outside[segment]) lists.transit.add(Prefix(address), comes, again);
    }
  }
}

}  // namespace

std::vector<model::Ingress> ingress(const Inventory& inventory, const Host& host,
                                    const model::HostFacts& facts, const SegmentKinds& kinds,
                                    const Networks& closed_here) {
  std::map<std::string, std::vector<std::size_t>> segments;  // by link
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    for (const std::string& link : links_into(inventory, host, facts, i)) {
      segments[link].push_back(host.addresses[i].segment);
    }
  }
  // By what the kernel answers for all its addresses there, peers may come that ask for another
  // one. Nobody is believed, but nobody is a container either.
  for (const auto& link : facts.links) {
    if (link.wired && link.name != host.docker.bridge) segments.try_emplace(link.name);
  }
  const Scene scene = {inventory,
                       kinds,
                       closed_here,
                       inventory::Tunnels(inventory),
                       inventory::index_of(inventory, host),
                       inventory::Topology(inventory).arrivals(host)};
  const std::string tunnel(model::kTunnelLink);
  if (!tunnelled_peers(inventory, host).empty()) segments[tunnel] = {};
  std::vector<model::Ingress> result;
  for (const auto& [link, of] : segments) {
    Lists lists;
    for (const bool again : {false, true}) {
      go_through(scene, of, link == tunnel, again, lists);
    }
    model::Ingress& one = result.emplace_back();
    one.link = link;
    one.subnets = lists.subnets.take();
    one.hosts = lists.hosts.take();
    if (host.router) one.transit = lists.transit.take();
    one.closed = lists.closed.take();
  }
  return result;
}

}  // namespace overland::desired
