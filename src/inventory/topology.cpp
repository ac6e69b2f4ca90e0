#include "inventory/topology.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace overland::inventory {
namespace {

/// Joins `from` to the sorted set `to`; where only one is wanted, the smallest stays.
void merge(const std::vector<std::size_t>& from, bool all, std::vector<std::size_t>& to) {
  if (!all) {
    if (!from.empty() && (to.empty() || from.front() < to.front())) to = {from.front()};
    return;
  }
  if (from == to) return;
  std::vector<std::size_t> both;
  std::set_union(from.begin(), from.end(), to.begin(), to.end(), std::back_inserter(both));
  to = std::move(both);
}

/// Calls `visit` with those segments of `host` that are nearest.
template <typename Visit>
void for_each_nearest(const std::vector<std::size_t>& distance, const Host& host, Visit visit) {
  std::size_t nearest = kUnreachable;
  for (const HostAddress& address : host.addresses) {
    if (address.segment < distance.size()) nearest = std::min(nearest, distance[address.segment]);
  }
  if (nearest == kUnreachable) return;
  for (const HostAddress& address : host.addresses) {
    if (address.segment < distance.size() && distance[address.segment] == nearest) {
      visit(address.segment);
    }
  }
}

}  // namespace

Topology::Topology(const Inventory& inventory)
    : inventory_(inventory), routers_(inventory.segments.size()) {
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    if (!inventory.hosts[i].router) continue;
    for (const HostAddress& address : inventory.hosts[i].addresses) {
      if (address.segment >= routers_.size()) continue;  // faulty, and reported as such
      auto& routers = routers_[address.segment];
      if (routers.empty() || routers.back() != i) routers.push_back(i);
    }
  }
}

Topology::Spread Topology::spread(const Host& host, Seed seed, bool all) const {
  const std::size_t segments = inventory_.segments.size();
  Spread result{std::vector<std::size_t>(segments, kUnreachable),
                std::vector<std::vector<std::size_t>>(segments)};
  std::vector<std::size_t> level;  // segments at the distance in hand
  for (const HostAddress& address : host.addresses) {
    if (address.segment >= segments || result.distance[address.segment] == 0) continue;
    result.distance[address.segment] = 0;
    if (seed == Seed::kOwnSegments) result.carried[address.segment] = {address.segment};
    level.push_back(address.segment);
  }
  // Level by level, a router is crossed once: at the nearest level that holds a segment of it.
  std::vector<std::size_t> crossed(inventory_.hosts.size(), kUnreachable);
  std::vector<std::vector<std::size_t>> to(inventory_.hosts.size());  // carried to each router
  for (std::size_t distance = 0; !level.empty(); ++distance) {
    std::vector<std::size_t> routers;
    for (const std::size_t segment : level) {
      for (const std::size_t router : routers_[segment]) {
        if (&inventory_.hosts[router] == &host) continue;
        if (crossed[router] == kUnreachable) {
          crossed[router] = distance;
          routers.push_back(router);
        }
        if (crossed[router] != distance) continue;
        if (distance == 0 && seed == Seed::kFirstRouters) {
          to[router] = {router};
        } else {
          merge(result.carried[segment], all, to[router]);
        }
      }
    }
    level.clear();
    for (const std::size_t router : routers) {
      for (const HostAddress& address : inventory_.hosts[router].addresses) {
        if (address.segment >= segments) continue;
        std::size_t& known = result.distance[address.segment];
        if (known == kUnreachable) {
          known = distance + 1;
          level.push_back(address.segment);
        }
        if (known == distance + 1) merge(to[router], all, result.carried[address.segment]);
      }
    }
  }
  return result;
}

Reach Topology::reach(const Host& host) const {
  Spread found = spread(host, Seed::kFirstRouters, inventory_.cluster.ecmp);
  Reach result{std::move(found.distance), std::move(found.carried),
               std::vector<std::size_t>(inventory_.segments.size(), kUnreachable)};
  std::size_t next = 0;
  for (const HostAddress& address : host.addresses) {
    if (address.segment >= result.rank.size() || result.rank[address.segment] != kUnreachable) {
      continue;
    }
    result.rank[address.segment] = next++;
  }
  return result;
}

Arrivals Topology::arrivals(const Host& host) const {
  Spread found = spread(host, Seed::kOwnSegments, true);
  Arrivals result{std::move(found.distance), std::move(found.carried), {}};
  result.strangers_by = result.by;
  for (std::size_t segment = 0; segment < routers_.size(); ++segment) {
    for (const std::size_t router : routers_[segment]) {
      if (&inventory_.hosts[router] == &host) continue;
      for_each_nearest(result.distance, inventory_.hosts[router], [&](std::size_t nearest) {
        merge(result.by[nearest], true, result.strangers_by[segment]);
      });
    }
  }
  return result;
}

bool Arrivals::comes_by(const Host& peer, const std::vector<std::size_t>& segments) const {
  bool result = false;
  for_each_nearest(distance, peer, [&](std::size_t nearest) {
    result = result || std::find_first_of(by[nearest].begin(), by[nearest].end(), segments.begin(),
                                          segments.end()) != by[nearest].end();
  });
  return result;
}

void Topology::add_gateways(const Reach& reach, const Host& neighbour,
                            std::vector<model::Address>& gateways) const {
  const HostAddress* best = nullptr;
  std::vector<std::size_t> seen;  // a second address in a segment is no second path
  for (const HostAddress& address : neighbour.addresses) {
    if (address.segment >= reach.rank.size() || reach.rank[address.segment] == kUnreachable)
      continue;
    if (!inventory_.cluster.ecmp) {
      if (best == nullptr || reach.rank[address.segment] < reach.rank[best->segment])
        best = &address;
    } else if (std::find(seen.begin(), seen.end(), address.segment) == seen.end()) {
      seen.push_back(address.segment);
      gateways.push_back(address.address);
    }
  }
  if (best != nullptr) gateways.push_back(best->address);
}

std::vector<model::Address> Topology::next_hops(const Reach& reach, const Host& peer) const {
  std::vector<model::Address> result;
  bool shared = false;
  std::vector<std::size_t> routers;
  for_each_nearest(reach.distance, peer, [&](std::size_t segment) {
    shared = reach.distance[segment] == 0;
    merge(reach.first_hops[segment], inventory_.cluster.ecmp, routers);
  });
  if (shared) add_gateways(reach, peer, result);
  for (const std::size_t router : routers) add_gateways(reach, inventory_.hosts[router], result);
  if (result.size() > 1) std::sort(result.begin(), result.end());
  return result;
}

std::vector<model::Address> Topology::next_hops_to_segment(const Reach& reach,
                                                           std::size_t segment) const {
  std::vector<model::Address> result;
  for (const std::size_t router : reach.first_hops[segment]) {
    add_gateways(reach, inventory_.hosts[router], result);
  }
  if (result.size() > 1) std::sort(result.begin(), result.end());
  return result;
}

std::optional<std::vector<Hop>> Topology::path(std::size_t from, std::size_t to) const {
  std::vector<Hop> result;
  for (std::size_t at = from; at != to;) {
    const Reach here = reach(inventory_.hosts[at]);
    const auto gateways = next_hops(here, inventory_.hosts[to]);
    if (gateways.empty()) return std::nullopt;
    // The neighbour that owns the gateway: the peer itself, or a router in a segment of this host.
    const auto owned_by = [&](std::size_t host) -> std::optional<Hop> {
      for (const HostAddress& address : inventory_.hosts[host].addresses) {
        if (address.address == gateways.front()) return Hop{host, address.address, address.segment};
      }
      return std::nullopt;
    };
    std::optional<Hop> hop = owned_by(to);
    for (const HostAddress& address : inventory_.hosts[at].addresses) {
      if (hop) break;
      for (const std::size_t router : routers_[address.segment]) {
        if (!hop) hop = owned_by(router);
      }
    }
    if (!hop) return std::nullopt;
    result.push_back(*hop);
    at = hop->host;
  }
  return result;
}

std::vector<std::size_t> Topology::components() const {
  std::vector<std::size_t> parent(inventory_.segments.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&parent](std::size_t segment) {
    while (parent[segment] != segment) {
      parent[segment] = parent[parent[segment]];
      segment = parent[segment];
    }
    return segment;
  };
  for (const Host& host : inventory_.hosts) {
    if (!host.router) continue;
    std::optional<std::size_t> first;
    for (const HostAddress& address : host.addresses) {
      if (address.segment >= parent.size()) continue;
      if (first) parent[root(address.segment)] = root(*first);
      first = first.value_or(address.segment);
    }
  }
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = root(i);
  return parent;
}

}  // namespace overland::inventory
