#pragma once
// Random host states for properties: few prefixes, links and gateways, so that states overlap.

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "unit/states.h"

namespace overland::tests {

inline model::Prefix some_prefix() {
  const auto third = *rc::gen::inRange<std::uint32_t>(0, 12);
  return {model::Address::from_ipv4(0xc0a80000U | third << 8U), 24};
}

inline std::vector<model::Prefix> some_prefixes() {
  std::vector<model::Prefix> list;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) list.push_back(some_prefix());
  return model::aggregate(std::move(list));
}

inline std::vector<model::Route> some_routes() {
  std::map<model::Prefix, model::Route> routes;
  const int count = *rc::gen::inRange(0, 10);
  for (int i = 0; i < count; ++i) {
    model::Route route;
    route.destination = some_prefix();
    route.metric = model::route_metric(route.destination);
    const int gateways = *rc::gen::inRange(1, 3);
    for (int g = 0; g < gateways; ++g) {
      const auto last = *rc::gen::inRange<std::uint32_t>(1, 5);
      route.gateways.push_back(model::Address::from_ipv4(0x0a000000U | last));
    }
    std::sort(route.gateways.begin(), route.gateways.end());
    if (*rc::gen::arbitrary<bool>()) {
      route.gateways.resize(1);
      route.link = std::string(model::kTunnelLink);
    }
    routes[route.destination] = route;
  }
  std::vector<model::Route> list;
  for (auto& [destination, route] : routes) list.push_back(std::move(route));
  return list;
}

inline std::vector<model::Link> some_links() {
  std::vector<model::Link> links;
  for (const std::uint16_t id : std::array<std::uint16_t, 3>{100, 200, 300}) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    auto link = vlan("eth1", id, *rc::gen::arbitrary<bool>() ? "172.16.1.1/24" : "172.16.2.1/24");
    link.up = *rc::gen::arbitrary<bool>();
    links.push_back(link);
  }
  if (*rc::gen::arbitrary<bool>()) links.push_back(tunnel(*rc::gen::arbitrary<bool>() ? 111 : 112));
  return links;
}

inline std::vector<model::Neighbour> some_neighbours() {
  std::vector<model::Neighbour> neighbours;
  for (const char* outer : {"10.2.0.12", "10.2.0.13", "10.3.0.14"}) {
    if (*rc::gen::arbitrary<bool>()) continue;
    neighbours.push_back(peer(outer));
    if (*rc::gen::arbitrary<bool>()) neighbours.back().outer = {};
  }
  return neighbours;
}

inline std::optional<model::FirewallPolicy> some_firewall() {
  if (!*rc::gen::arbitrary<bool>()) return std::nullopt;
  model::FirewallPolicy policy;
  policy.mark = 0x200000;
  policy.conntrack = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) policy.guard = model::FirewallGuard::kForwardPolicy;
  policy.local = some_prefixes();
  policy.peer_subnets = some_prefixes();
  for (const char* name : {"br-a", "docker0"}) {
    if (*rc::gen::arbitrary<bool>()) continue;
    policy.bridges.emplace_back(name);
    policy.behind.push_back({name, some_prefixes()});
    policy.arp_guards.push_back({name, net("172.16.1.0/28"), net("172.16.1.1/32").network()});
  }
  if (*rc::gen::arbitrary<bool>()) {
    policy.ipvlan_guards = {{"eth0", some_prefix(), some_prefixes(), *rc::gen::arbitrary<bool>()}};
  }
  if (policy.behind.size() > 1) policy.joins = {{policy.behind[0], policy.behind[1]}};
  if (policy.behind.size() < 2) policy.behind.clear();
  if (*rc::gen::arbitrary<bool>()) {
    policy.closed = {{"br-z", some_prefixes(), some_prefixes()}};
  }
  if (*rc::gen::arbitrary<bool>()) {
    policy.tunnel = model::Tunnel{"vxlan.ovl", 111, 4789, {{addr("10.2.0.12"), some_prefixes()}}};
  }
  for (const char* name : {"eth0", "eth1"}) {
    if (*rc::gen::arbitrary<bool>()) continue;
    policy.ingress.push_back({name});
    if (*rc::gen::arbitrary<bool>()) policy.ingress.back().subnets = some_prefixes();
  }
  return policy;
}

/// No two overlap, as in any valid inventory; in another state the same may have been another's.
inline std::vector<model::Network> some_networks() {
  std::vector<model::Network> networks;
  std::vector<model::Prefix> free = {net("10.1.0.0/24"), net("10.2.0.0/24"), net("10.3.0.0/24"),
                                     net("10.4.0.0/16")};
  for (const char* name : {"app", "db", "web"}) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    model::Network network;
    network.name = name;
    const auto which = *rc::gen::inRange<std::size_t>(0, free.size());
    network.subnet = free[which];
    free.erase(free.begin() + static_cast<std::ptrdiff_t>(which));
    network.internal = *rc::gen::arbitrary<bool>();
    networks.push_back(network);
  }
  return networks;
}

inline model::HostState some_state(bool actual) {
  model::HostState state;
  state.sysctls = {{"net.ipv4.ip_forward", actual && *rc::gen::arbitrary<bool>() ? "0" : "1"}};
  state.links = some_links();
  state.neighbours = some_neighbours();
  state.firewall = some_firewall();
  if (!state.firewall || !state.firewall->tunnel) {
    std::erase_if(state.links, [](const auto& link) { return link.vxlan.has_value(); });
  }
  state.routes = some_routes();
  state.networks = some_networks();
  model::DockerSettings docker;
  docker.bridge = "docker0";
  docker.address = iface(*rc::gen::arbitrary<bool>() ? "192.168.100.1/24" : "192.168.101.1/24");
  docker.keys["bip"] = "\"" + docker.address->to_string() + "\"";
  if (actual && *rc::gen::arbitrary<bool>()) docker.keys["bip"] = std::nullopt;
  state.docker = docker;
  return state;
}

inline model::Observed some_look() {
  model::Observed observed{some_state(true)};
  if (observed.state.firewall && *rc::gen::arbitrary<bool>()) {
    observed.defects = {"a rule out of order"};
  }
  observed.restart_pending = *rc::gen::arbitrary<bool>();
  return observed;
}

}  // namespace overland::tests
