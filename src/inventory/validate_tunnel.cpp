// [tunnel] against the hosts and links there are.

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "inventory/host_index.h"
#include "inventory/suggest.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"
#include "inventory/validate.h"
#include "model/link.h"

namespace overland::inventory {
namespace {

/// Where Swarm begins to count its networks (vxlanIDStart in libnetwork's overlay driver), and the
/// port it uses unless told otherwise.
constexpr std::uint32_t kFirstSwarmVni = 4096;
constexpr std::uint16_t kSwarmPort = 4789;

/// By index of host: whether `only` or `exclude` means it.
std::vector<bool> named_hosts(Draft& draft, Report& report) {
  HostIndex hosts(draft);
  std::map<std::string_view, std::size_t> segments;
  for (std::size_t i = 0; i < draft.segments.size(); ++i) {
    segments.emplace(draft.inventory.segments[i].name, i);
  }
  std::vector<bool> named(draft.hosts.size(), false);
  std::set<std::size_t> named_segments;
  for (const auto& [name, at] : draft.tunnel.names) {
    const auto host = hosts.find(name);
    const auto segment = segments.find(name);
    if (host) named[*host] = true;
    if (segment != segments.end()) named_segments.insert(segment->second);
    if (host || segment != segments.end()) continue;
    draft.tunnel.complete = false;
    if (!hosts.complete() || !draft.all_segment_names) continue;  // it may be one not read
    std::vector<std::string_view> known;
    for (const auto& [text, index] : segments) known.push_back(text);
    const std::string_view meant = segments.size() < 1000 ? nearest(name, known) : "";
    report.add(Code::kTunnelNames, at, quote(name) + " is neither a host nor a segment",
               meant.empty() ? hosts.remedy(name) : "did you mean " + quote(meant) + "?");
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    if (host.addresses.empty()) continue;
    if (named_segments.count(host.addresses[host.tunnel_end].segment) != 0) named[i] = true;
  }
  return named;
}

void check_ends(const Draft& draft, Report& report) {
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const HostPlaces& places = draft.hosts[i];
    const bool bridge = places.bip != Position{} || draft.inventory.hosts[i].has_bridge();
    if (places.tunnel_address == Position{} || bridge) continue;
    report.add(Code::kTunnelAddress, places.tunnel_address,
               label(draft, i) + " has a tunnel_address and no bip: it has no tunnels",
               "give it a bip, or remove tunnel_address");
  }
}

void check_link_names(const Draft& draft, Report& report) {
  const auto refuse = [&](const std::string& what, Position at) {
    report.add(Code::kTunnelLink, at,
               what + " is " + std::string(model::kTunnelLink) + ", the link of the tunnel",
               "give that link another name");
  };
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    if (host.parent == model::kTunnelLink) {
      refuse("parent of " + label(draft, i), draft.hosts[i].parent);
    }
    if (host.docker.bridge == model::kTunnelLink && host.has_bridge()) {
      refuse("the bridge of " + label(draft, i), draft.hosts[i].name);
    }
  }
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const Network& network = draft.inventory.networks[i];
    if (network.parent == model::kTunnelLink) {
      refuse("parent of " + network_label(draft, i), draft.networks[i].parent);
    }
    if (network.link == model::kTunnelLink || network.shim_link == model::kTunnelLink) {
      refuse("the link of " + network_label(draft, i), draft.networks[i].link);
    }
  }
}

/// Only a route of the underlay's own that is more than a default one would lead there.
void check_pool(const Draft& draft, const Tunnels& tunnels, Report& report) {
  const Cluster& cluster = draft.inventory.cluster;
  if (cluster.fallback != Fallback::kPool || !cluster.pool || tunnels.pairs() == 0) return;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    if (!tunnels.takes_part(i) || !cluster.pool->contains(host.tunnel_address())) continue;
    report.add(Code::kTunnelInPool, draft.hosts[i].addresses[host.tunnel_end],
               "tunnels to " + label(draft, i) + " end at " + host.tunnel_address().to_string() +
                   ", in the pool: with fallback = \"pool\" hosts that have no route there but a "
                   "default one refuse packets to it",
               "write fallback = \"unreachable\", or keep the pool apart from the underlay");
    return;
  }
}

bool share_segment(const Host& one, const Host& other) {
  return std::any_of(one.addresses.begin(), one.addresses.end(), [&](const HostAddress& address) {
    return other.address_in(address.segment) != nullptr;
  });
}

/// What a host without tunnels sends by way of a router, that router would send on by its own
/// tunnel, at whose end its source is nobody's.
void check_routers(const Draft& draft, const Tunnels& tunnels, Report& report) {
  const auto& hosts = draft.inventory.hosts;
  std::map<std::vector<std::size_t>, std::size_t> without;  // one host of each set of segments
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool docker = hosts[i].has_bridge() || !hosts[i].bridge_subnets().empty();
    if (tunnels.takes_part(i) || !docker) continue;
    std::vector<std::size_t> segments;
    for (const HostAddress& address : hosts[i].addresses) segments.push_back(address.segment);
    without.emplace(std::move(segments), i);
  }
  if (without.empty()) return;
  const auto sites = tunnels.sites();
  const auto led_over = [&](std::size_t host, std::size_t router) {
    if (!tunnels.leads_to(host, hosts[router].addresses.front().segment)) return false;
    return std::any_of(sites.begin(), sites.end(), [&](const auto& site) {
      const std::size_t end = site.front();
      return tunnels.between(router, end) && !share_segment(hosts[host], hosts[end]) &&
             tunnels.leads_to(host, hosts[end].addresses.front().segment);
    });
  };
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!hosts[i].router || !tunnels.takes_part(i)) continue;
    const auto found = std::find_if(without.begin(), without.end(),
                                    [&](const auto& one) { return led_over(one.second, i); });
    if (found == without.end()) continue;
    report.add(Code::kTunnelRouter, draft.hosts[i].name,
               label(draft, found->second) + " has no tunnels, and may be led over " +
                   label(draft, i) + ", which has: what it sends on would be lost",
               "exclude the router from [tunnel], too, or let both take part");
  }
}

/// A host that is alone in its segments where all others have company is most likely a typo. Before
/// there was a tunnel it was OVL-E070.
void check_lone(const Draft& draft, const Tunnels& tunnels, Report& report) {
  const auto sites = tunnels.sites();
  std::size_t hosts = 0;
  for (const auto& site : sites) hosts += site.size();
  if (sites.size() < 2 || hosts < 3) return;
  std::vector<std::size_t> hosts_in(draft.segments.size(), 0);
  for (const Host& host : draft.inventory.hosts) {
    for (const HostAddress& address : host.addresses) ++hosts_in[address.segment];
  }
  const auto lone = [&](const std::vector<std::size_t>& site) {
    if (site.size() != 1) return false;
    const auto& addresses = draft.inventory.hosts[site.front()].addresses;
    return std::all_of(addresses.begin(), addresses.end(),
                       [&](const HostAddress& address) { return hosts_in[address.segment] == 1; });
  };
  const auto found = std::find_if(sites.begin(), sites.end(), lone);
  if (found == sites.end() || std::find_if(std::next(found), sites.end(), lone) != sites.end()) {
    return;
  }
  const std::size_t index = found->front();
  const Host& host = draft.inventory.hosts[index];
  report.add(Code::kLoneHost, draft.hosts[index].addresses[host.tunnel_end],
             label(draft, index) + " is alone in " +
                 segment_label(draft, host.addresses[host.tunnel_end].segment) +
                 ", and reaches all others by tunnel",
             "right where it stands alone; else correct its address");
}

}  // namespace

void resolve_tunnel(Draft& draft, Report& report) {
  if (draft.tunnel.names.empty()) return;
  const auto named = named_hosts(draft, report);
  for (std::size_t i = 0; i < named.size(); ++i) {
    draft.inventory.hosts[i].tunnels = named[i] == draft.tunnel.only;
  }
}

void check_tunnel(const Draft& draft, Report& report) {
  const auto& tunnel = draft.inventory.tunnel;
  if (!tunnel) return;
  if (tunnel->vni >= kFirstSwarmVni && tunnel->port == kSwarmPort) {
    report.add(Code::kSwarmVni, draft.tunnel.vni,
               "Swarm gives its networks VNIs from 4096 on, on the same port: " +
                   std::to_string(tunnel->vni) + " may be one of them some day",
               "write a vni below 4096, or another port");
  }
  check_ends(draft, report);
  check_link_names(draft, report);
  if (!draft.tunnel.complete || !all_addresses(draft)) return;
  const Tunnels tunnels(draft.inventory);
  check_pool(draft, tunnels, report);
  if (tunnel->always) check_routers(draft, tunnels, report);
  check_lone(draft, tunnels, report);
}

}  // namespace overland::inventory
