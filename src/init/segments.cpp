// Which networks the hosts have in common, and which of their addresses count.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include "init/layout_parts.h"

namespace overland::init {
namespace {

/// Links that others make for containers, machines or tunnels.
bool carries_underlay(const FoundLink& link, const Found& found) {
  constexpr std::array<std::string_view, 12> kOthers = {"lo",    "docker", "br-",   "flannel",
                                                        "weave", "cni",    "virbr", "lxcbr",
                                                        "lxdbr", "podman", "ovl-",  "kube"};
  constexpr std::array<std::string_view, 8> kTunnels = {"vxlan", "tun", "wireguard", "dummy",
                                                        "ipip",  "gre", "geneve",    "sit"};
  for (const std::string_view begin : kOthers) {
    if (link.name.starts_with(begin)) return false;
  }
  if (link.name == found.bridge) return false;
  if (std::find(kTunnels.begin(), kTunnels.end(), link.kind) != kTunnels.end()) return false;
  return std::none_of(found.networks.begin(), found.networks.end(), [&link](const auto& one) {
    return !one.link.empty() && one.link == link.name;
  });
}

bool usable(const model::InterfaceAddress& one) {
  constexpr std::uint8_t kShortest = 8;  // of a segment, as the inventory has it
  constexpr std::uint8_t kLongest = 31;
  const model::Prefix subnet = one.prefix();
  const bool edge =
      one.length < kLongest && (one.address == subnet.network() || one.address == subnet.last());
  static const model::Prefix kLinkLocal = *model::Prefix::parse("169.254.0.0/16");
  static const model::Prefix kLoopback = *model::Prefix::parse("127.0.0.0/8");
  return one.length >= kShortest && one.length <= kLongest && !edge &&
         !kLinkLocal.overlaps(subnet) && !kLoopback.overlaps(subnet);
}

using Users = std::map<model::Prefix, std::set<std::size_t>>;

/// The subnets, each with the hosts in it; one that lies in another is that one.
Users users_of(const std::vector<std::vector<Candidate>>& candidates) {
  Users users;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (const Candidate& one : candidates[i]) users[one.address.prefix()].insert(i);
  }
  Users result;
  for (const auto& [subnet, hosts] : users) {
    const model::Prefix* whole = &subnet;
    for (const auto& [other, unused] : users) {
      if (other.length() < whole->length() && other.contains(*whole)) whole = &other;
    }
    result[*whole].insert(hosts.begin(), hosts.end());
  }
  return result;
}

/// The one a host goes out by.
const Candidate* main_one(const Found& found, const std::vector<Candidate>& candidates) {
  for (const FoundRoute& route : found.routes) {
    if (route.destination.length() != 0) continue;
    for (const Candidate& one : candidates) {
      if (one.link->name == route.link) return &one;
    }
  }
  return candidates.empty() ? nullptr : &candidates.front();
}

/// Those that gateways of routes to containers, on a single host, lie in.
bool leads_on(const Found& found, const model::Prefix& subnet) {
  return std::any_of(found.routes.begin(), found.routes.end(), [&subnet](const auto& route) {
    return route.destination.length() > 0 && route.gateway && subnet.contains(*route.gateway);
  });
}

}  // namespace

std::vector<Candidate> candidates_of(const Found& found) {
  std::vector<Candidate> result;
  for (const FoundLink& link : found.links) {
    if (!carries_underlay(link, found)) continue;
    for (const auto& address : link.addresses) {
      if (usable(address)) result.push_back({&link, address});
    }
  }
  return result;
}

void lay_out_segments(Layout& layout) {
  std::vector<std::vector<Candidate>> candidates;
  for (const LaidHost& host : layout.hosts) candidates.push_back(candidates_of(*host.found));
  const Users users = users_of(candidates);
  std::set<model::Prefix> chosen;
  for (const auto& [subnet, hosts] : users) {
    const bool alone = layout.hosts.size() == 1 && leads_on(*layout.hosts[0].found, subnet);
    if (hosts.size() > 1 || alone) chosen.insert(subnet);
  }
  const auto whole = [&users](const model::InterfaceAddress& address) {
    return std::find_if(users.begin(), users.end(),
                        [&address](const auto& one) { return one.first.contains(address.address); })
        ->first;
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool in_one = std::any_of(candidates[i].begin(), candidates[i].end(), [&](const auto& c) {
      return chosen.contains(whole(c.address));
    });
    const Candidate* const best = main_one(*layout.hosts[i].found, candidates[i]);
    if (!in_one && best != nullptr) chosen.insert(whole(best->address));
  }
  std::set<model::Address> given;
  for (const model::Prefix& subnet : chosen) layout.segments.push_back({"", subnet, {}});
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (const Candidate& one : candidates[i]) place(one, layout, layout.hosts[i], given);
  }
  name_segments(layout);
}

void place(const Candidate& one, Layout& layout, LaidHost& host, std::set<model::Address>& given) {
  for (LaidSegment& segment : layout.segments) {
    if (!segment.subnet.contains(one.address.address)) continue;
    if (!given.insert(one.address.address).second) {
      host.remarks.push_back("has " + one.address.address.to_string() +
                             " too, which is another host's above: an address that moves?");
      return;
    }
    host.addresses.push_back(one.address.address);
    if (one.link->vlan) segment.vlan = one.link->vlan;
    return;
  }
}

void name_segments(Layout& layout) {
  std::set<std::string> names;
  for (LaidSegment& segment : layout.segments) {
    const std::string base = segment.vlan ? "vlan" + std::to_string(*segment.vlan) : "lan";
    segment.name = base;
    for (int i = 2; !names.insert(segment.name).second; ++i) {
      segment.name = base + "-" + std::to_string(i);
    }
  }
}

}  // namespace overland::init
