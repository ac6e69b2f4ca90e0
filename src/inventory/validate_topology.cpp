// Who reaches whom: hosts that neither router nor tunnel connects, routers and segments that serve
// nobody.

#include <algorithm>
#include <map>
#include <set>

#include "inventory/topology.h"
#include "inventory/tunnels.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kMostGroupPairs = 10;  // past that one summary is clearer
constexpr std::size_t kMostNames = 8;

/// Docker hosts attached to the same components, with tunnels or without: all of them reach the
/// same others.
struct GroupKey {
  std::vector<std::size_t> components;
  bool tunnels = false;

  auto operator<=>(const GroupKey&) const = default;
};
using Groups = std::map<GroupKey, std::vector<std::size_t>>;

Groups group_hosts(const Draft& draft) {
  const auto components = Topology(draft.inventory).components();
  const Tunnels tunnels(draft.inventory);
  Groups groups;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    if (host.bridge_subnets().empty() && !host.has_bridge()) continue;
    std::vector<std::size_t> key;
    for (const HostAddress& address : host.addresses) key.push_back(components[address.segment]);
    std::sort(key.begin(), key.end());
    key.erase(std::unique(key.begin(), key.end()), key.end());
    groups[{std::move(key), tunnels.takes_part(i)}].push_back(i);
  }
  return groups;
}

std::string names(const Draft& draft, const std::vector<std::size_t>& hosts) {
  std::string result;
  for (std::size_t i = 0; i < hosts.size() && i < kMostNames; ++i) {
    const std::string& name = draft.inventory.hosts[hosts[i]].name;
    result += (i == 0 ? "" : ", ") + (name.empty() ? label(draft, hosts[i]) : name);
  }
  if (hosts.size() > kMostNames) {
    result += " and " + std::to_string(hosts.size() - kMostNames) + " more";
  }
  return result;
}

bool disjoint(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return false;
    *i < *j ? ++i : ++j;
  }
  return true;
}

/// Whether all groups are in one component, or all have tunnels: the usual cases, told without
/// comparing pairs.
bool all_connected(const Groups& groups) {
  std::vector<std::size_t> common = groups.begin()->first.components;
  bool tunnels = true;
  for (const auto& [kind, hosts] : groups) {
    tunnels = tunnels && kind.tunnels;
    std::vector<std::size_t> both;
    std::set_intersection(common.begin(), common.end(), kind.components.begin(),
                          kind.components.end(), std::back_inserter(both));
    common = std::move(both);
  }
  return tunnels || !common.empty();
}

bool connected(const GroupKey& a, const GroupKey& b) {
  return (a.tunnels && b.tunnels) || !disjoint(a.components, b.components);
}

std::string no_path_remedy(const Draft& draft) {
  if (draft.inventory.tunnel) {
    return "give each of them a bip and let it take part in [tunnel], or add a host with "
           "router = true and an address in a segment of each";
  }
  return "add a host with router = true and an address in a segment of each, join the segments, "
         "or add [tunnel] with type = \"vxlan\"";
}

}  // namespace

bool all_addresses(const Draft& draft) {
  return draft.all_hosts && std::all_of(draft.hosts.begin(), draft.hosts.end(),
                                        [](const HostPlaces& places) { return places.complete; });
}

namespace {

void check_pairs(const Draft& draft, Report& report) {
  const bool routers_known = std::all_of(draft.hosts.begin(), draft.hosts.end(),
                                         [](const HostPlaces& host) { return host.router_known; });
  // What could not be read may be what connects them.
  if (!routers_known || !draft.tunnel.complete || !all_addresses(draft)) return;
  const Groups groups = group_hosts(draft);
  if (groups.size() < 2 || all_connected(groups)) return;
  using Group = const Groups::value_type*;
  std::vector<std::pair<Group, Group>> pairs;
  for (auto a = groups.begin(); a != groups.end() && pairs.size() <= kMostGroupPairs; ++a) {
    for (auto b = std::next(a); b != groups.end() && pairs.size() <= kMostGroupPairs; ++b) {
      if (!connected(a->first, b->first)) pairs.emplace_back(&*a, &*b);
    }
  }
  const std::string remedy = no_path_remedy(draft);
  if (pairs.size() > kMostGroupPairs) {
    std::vector<std::size_t> one_each;
    for (const auto& [kind, hosts] : groups) one_each.push_back(hosts.front());
    std::sort(one_each.begin(), one_each.end());
    report.add(
        Code::kNoPath, draft.hosts[one_each[1]].name,
        "the Docker hosts fall into " + std::to_string(groups.size()) +
            " groups without routers between them; one host of each: " + names(draft, one_each),
        remedy);
    return;
  }
  for (auto [one, two] : pairs) {
    if (two->second.front() < one->second.front()) std::swap(one, two);
    report.add(Code::kNoPath, draft.hosts[two->second.front()].name,
               (draft.inventory.tunnel ? "neither a router nor a tunnel connects "
                                       : "no router connects ") +
                   names(draft, one->second) + " with " + names(draft, two->second),
               remedy);
  }
}

void check_masquerade(const Draft& draft, std::size_t index, Report& report) {
  const Host& host = draft.inventory.hosts[index];
  const HostPlaces& places = draft.hosts[index];
  if (host.router && !host.masquerade.empty() && host.firewall.guard == Guard::kOff) {
    report.add(Code::kUnguardedMasquerade, places.masquerade.front(),
               label(draft, index) +
                   " masquerades with guard = \"off\": where overland turns forwarding on, anybody "
                   "in the segments it masquerades out of can send packets through it",
               "remove guard = \"off\", or have rules of your own drop them");
  }
  std::set<std::size_t> seen;
  for (std::size_t i = 0; i < host.masquerade.size(); ++i) {
    const std::size_t segment = host.masquerade[i];
    if (!seen.insert(segment).second) {
      report.add(Code::kMasqueradeTwice, places.masquerade[i],
                 "masquerade names " + segment_label(draft, segment) + " twice",
                 "name each segment once");
    } else if (!host.router && places.router_known) {
      report.add(Code::kMasqueradeNoRouter, places.masquerade[i],
                 label(draft, index) + " masquerades but is no router",
                 "add router = true, or remove masquerade");
    } else if (places.complete && host.address_in(segment) == nullptr) {
      report.add(Code::kMasqueradeNotAttached, places.masquerade[i],
                 label(draft, index) + " masquerades out of " + segment_label(draft, segment) +
                     " but has no address there",
                 "name segments the router has an address in");
    }
  }
}

/// What lies beyond a masquerade is the outside.
void check_trust(const Draft& draft, Report& report) {
  std::vector<bool> told(draft.segments.size(), false);
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    for (const std::size_t segment : draft.inventory.hosts[i].masquerade) {
      if (draft.inventory.segments[segment].trust != Trust::kSubnet || told[segment]) continue;
      told[segment] = true;
      report.add(Code::kTrustMasqueraded, draft.segments[segment].trust,
                 segment_label(draft, segment) + " is trusted as a whole, and " + label(draft, i) +
                     " masquerades out of it: who is out there reaches the containers",
                 "write trust = \"hosts\", or remove masquerade");
    }
  }
}

void check_router(const Draft& draft, std::size_t index, Report& report) {
  const Host& host = draft.inventory.hosts[index];
  if (!host.router || !draft.hosts[index].complete) return;
  const std::size_t first = host.addresses.front().segment;
  const bool several = std::any_of(host.addresses.begin(), host.addresses.end(),
                                   [first](const HostAddress& a) { return a.segment != first; });
  if (several) return;
  report.add(
      Code::kRouterOneSegment, draft.hosts[index].router,
      label(draft, index) + " is a router with addresses in one segment only: it joins nothing",
      "give it an address in another segment, or remove router");
}

void check_unused(const Draft& draft, Report& report) {
  if (!all_addresses(draft)) return;
  std::vector<bool> used(draft.segments.size(), false);
  for (const Host& host : draft.inventory.hosts) {
    for (const HostAddress& address : host.addresses) used[address.segment] = true;
  }
  for (const Network& network : draft.inventory.networks) {
    if (network.segment) used[*network.segment] = true;
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] || !draft.segments[i].complete) continue;
    report.add(Code::kSegmentUnused, draft.segments[i].name,
               "no host has an address in " + segment_label(draft, i),
               "give its router an address there, or remove the segment");
  }
}

}  // namespace

void check_topology(const Draft& draft, Report& report) {
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    check_masquerade(draft, i, report);
    check_router(draft, i, report);
  }
  check_trust(draft, report);
  if (draft.hosts.empty()) return;
  check_unused(draft, report);
  check_pairs(draft, report);
}

}  // namespace overland::inventory
