#pragma once
// Short spellings of model values for tests.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "links.h"
#include "model/host_state.h"

namespace overland::tests {

inline model::Address addr(const char* text) { return *model::Address::parse(text); }
inline model::Prefix net(const char* text) { return *model::Prefix::parse(text); }
inline model::InterfaceAddress iface(const char* text) {
  return *model::InterfaceAddress::parse(text);
}

inline model::Route route(const char* destination, std::initializer_list<const char*> gateways) {
  model::Route result;
  result.destination = net(destination);
  result.metric = model::route_metric(result.destination);
  for (const char* gateway : gateways) result.gateways.push_back(addr(gateway));
  return result;
}

inline model::Route fallback(const char* destination) {
  return model::fallback_route(net(destination));
}

inline model::Link vlan(const char* parent, std::uint16_t id, const char* address) {
  model::Link link;
  link.name = std::string(parent) + "." + std::to_string(id);
  link.parent = parent;
  link.vlan = id;
  link.address = iface(address);
  return link;
}

inline model::Link tunnel(std::uint32_t vni = 111) {
  model::Link link;
  link.name = model::kTunnelLink;
  link.address = iface("192.168.100.1/32");
  link.vxlan = model::Vxlan{vni, 4789, addr("10.0.0.200"), 1450};
  return link;
}

inline model::Neighbour peer(const char* outer) { return {addr(outer), addr(outer)}; }

inline model::Route tunnel_route(const char* destination, const char* outer) {
  model::Route result = route(destination, {outer});
  result.link = std::string(model::kTunnelLink);
  return result;
}

inline model::LinkFacts link(const char* name, std::initializer_list<const char*> addresses) {
  model::LinkFacts facts;
  facts.name = name;
  facts.up = true;
  facts.carrier = true;
  facts.mtu = 1500;
  for (const char* address : addresses) facts.addresses.push_back(iface(address));
  return facts;
}

/// What docker-200 of the two-host example lets through.
inline model::FirewallPolicy two_hosts_policy(
    model::FirewallVariant variant = model::FirewallVariant::kNft) {
  model::FirewallPolicy policy;
  policy.variant = variant;
  policy.mark = 0x200000;
  policy.bridges = {"docker0"};
  policy.ingress = tests::on_links({"eth0"});
  policy.local = {net("192.168.100.0/24")};
  policy.peer_subnets = {net("192.168.200.0/24")};
  policy.peer_hosts = {net("10.0.0.201/32")};
  policy.stops_forgers = true;
  return policy;
}

/// A host as docker-200 shall be.
inline model::HostState two_hosts_desired() {
  model::HostState state;
  state.sysctls = {{"net.ipv4.ip_forward", "1"}};
  state.firewall = two_hosts_policy();
  state.routes = {route("192.168.200.0/24", {"10.0.0.201"})};
  model::DockerSettings docker;
  docker.keys = {{"bip", "\"192.168.100.1/24\""}};
  docker.bridge = "docker0";
  docker.address = iface("192.168.100.1/24");
  state.docker = docker;
  return state;
}

/// Beside its peer in the LAN one behind the tunnel.
inline model::HostState tunnelled_desired() {
  model::HostState state = two_hosts_desired();
  state.links = {tunnel()};
  state.neighbours = {peer("10.2.0.12")};
  state.routes.insert(state.routes.begin(), tunnel_route("192.168.112.0/24", "10.2.0.12"));
  auto& policy = *state.firewall;
  policy.peer_subnets.insert(policy.peer_subnets.begin(), net("192.168.112.0/24"));
  policy.tunnel = model::Tunnel{
      std::string(model::kTunnelLink), 111, 4789, {{addr("10.2.0.12"), {net("192.168.112.0/24")}}}};
  return state;
}

/// The same host before overland: Docker runs with its default bridge.
inline model::HostState two_hosts_fresh() {
  model::HostState state;
  state.sysctls = {{"net.ipv4.ip_forward", "0"}};
  model::DockerSettings docker;
  docker.keys = {{"bip", std::nullopt}};
  docker.bridge = "docker0";
  docker.address = iface("172.17.0.1/16");
  state.docker = docker;
  return state;
}

inline model::HostFacts running_docker() {
  model::HostFacts facts;
  facts.hostname = "docker-200";
  facts.links = {link("docker0", {"172.17.0.1/16"}), link("eth0", {"10.0.0.200/24"})};
  facts.docker.installed = true;
  facts.docker.running = true;
  facts.docker.instance = "42:1000";
  facts.docker.version = "20.10.24";
  facts.firewall.variant = model::FirewallVariant::kNft;
  facts.forwarding = model::Forwarding::kForeign;
  return facts;
}

}  // namespace overland::tests
