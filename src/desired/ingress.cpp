#include "desired/ingress.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "inventory/topology.h"

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

/// Containers with addresses in a segment, this host's own too: they send to whatever router they
/// have.
void add_ranges(const Inventory& inventory, const Host& peer, const SegmentKinds& kinds,
                const Heard& heard, bool again, Lists& lists) {
  for (const auto& [range, segment] : container_ranges(inventory, peer)) {
    lists.hosts.add(range, heard[segment], again);
    const bool within = inventory.segments[segment].subnet.contains(range);
    if (kinds.outside[segment] || !within) lists.transit.add(range, heard[segment], again);
  }
}

void add_subnets(const Inventory& inventory, const Host& peer, bool comes,
                 const Networks& closed_here, bool again, Lists& lists) {
  for (const Prefix& subnet : open_subnets(inventory, peer)) {
    lists.subnets.add(subnet, comes, again);
    lists.transit.add(subnet, comes, again);
  }
  if (!peer.networks) return;
  for (const auto& part : *peer.networks) {
    const auto& network = inventory.networks[part.network];
    if (!part.routed || network.internal || !is_closed(network)) continue;
    lists.transit.add(*part.routed, comes, again);
    if (closed_here[part.network]) lists.closed.add(*part.routed, comes, again);
  }
}

/// Goes through all senders; what comes in by way of `segments`, those one link leads into, is
/// believed. What no router of the inventory leads here comes by one that it does not know: that
/// may be on any link, but for those that lead out of the cluster.
void go_through(const Inventory& inventory, const Host& host, const Arrivals& arrivals,
                const std::vector<std::size_t>& segments, const SegmentKinds& kinds,
                const Networks& closed_here, bool again, Lists& lists) {
  const bool within = std::any_of(segments.begin(), segments.end(),
                                  [&](std::size_t segment) { return !kinds.outside[segment]; });
  Heard heard(inventory.segments.size());
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const auto& ends = arrivals.strangers_by[i];
    heard[i] = ends.empty() ? within : meet(ends, segments);
    const Prefix& subnet = inventory.segments[i].subnet;
    if (kinds.trusted[i]) lists.hosts.add(subnet, heard[i], again);
    if (!kinds.outside[i]) lists.transit.add(subnet, heard[i], again);
  }
  for (const Host& peer : inventory.hosts) {
    add_ranges(inventory, peer, kinds, heard, again, lists);
    if (&peer == &host) continue;
    bool comes = arrivals.comes_by(peer, segments);
    const bool unled =
        std::all_of(peer.addresses.begin(), peer.addresses.end(),
                    [&](const auto& own) { return arrivals.strangers_by[own.segment].empty(); });
    const bool told = peer.router || routes_containers(inventory, peer);
    if (unled || !told) {  // may know nothing of overland's routes
      for (const auto& own : peer.addresses) comes = comes || heard[own.segment];
    }
    add_subnets(inventory, peer, comes, closed_here, again, lists);
    for (const auto& [address, segment] : peer.addresses) {
      lists.hosts.add(Prefix(address), comes, again);
      // Elsewhere the whole segment is transit, and an address of it may come by another one.
      if (comes || kinds.outside[segment]) lists.transit.add(Prefix(address), comes, again);
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
  const Arrivals arrivals = inventory::Topology(inventory).arrivals(host);
  std::vector<model::Ingress> result;
  for (const auto& [link, of] : segments) {
    Lists lists;
    for (const bool again : {false, true}) {
      go_through(inventory, host, arrivals, of, kinds, closed_here, again, lists);
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
