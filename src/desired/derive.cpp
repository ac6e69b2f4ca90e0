#include "desired/derive.h"

#include <algorithm>

#include "desired/docker.h"
#include "desired/firewall.h"
#include "desired/links.h"
#include "desired/routes.h"
#include "desired/sysctls.h"

namespace overland::desired {
namespace {

/// Every network that is on-link now on a link that is up, or will be through a VLAN link.
std::vector<model::Prefix> on_link(const model::HostState& state, const model::HostFacts& facts) {
  std::vector<model::Prefix> networks;
  for (const auto& link : facts.links) {
    if (!link.up) continue;
    for (const auto& address : link.addresses) networks.push_back(address.prefix());
  }
  for (const auto& link : state.links) networks.push_back(link.address.prefix());
  return model::aggregate(std::move(networks));
}

bool covered(const std::vector<model::Prefix>& networks, const model::Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const auto& network) { return network.contains(address); });
}

}  // namespace

model::HostState derive(const inventory::Inventory& inventory, const inventory::Host& host,
                        const model::HostFacts& facts) {
  model::HostState state;
  state.sysctls = sysctls(inventory, host, facts);
  state.links = links(inventory, host, facts);
  if (auto policy = firewall(inventory, host, facts)) {
    state.firewall = model::Firewall{std::move(*policy), {}};
  }
  state.routes = routes(inventory, host);
  state.docker = docker(host, facts);
  return state;
}

std::vector<std::string> misfits(const inventory::Inventory& inventory, const inventory::Host& host,
                                 const model::HostFacts& facts, const model::HostState& state) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (underlay_link(inventory, host, facts, i)) continue;
    result.push_back("no link of this machine has the underlay address " +
                     host.addresses[i].address.to_string() + " of host " + host.name +
                     "; configure it on a link, or correct the inventory");
  }
  const bool docker_needed = host.bip && host.docker.daemon_json != model::DaemonJsonMode::kOff;
  if (docker_needed && !facts.docker.installed) {
    result.push_back("host " + host.name + " has a bip but Docker is not installed here; install " +
                     "Docker, or take bip out of the inventory for a host that is only a router");
  }
  if (state.firewall && !facts.firewall.variant) {
    result.push_back("no usable packet filter: " + facts.firewall.evidence +
                     "; install nftables or iptables");
  }
  const auto networks = on_link(state, facts);
  std::vector<model::Address> reported;
  for (const auto& route : state.routes) {
    for (const auto& gateway : route.gateways) {
      if (covered(networks, gateway)) continue;
      if (std::find(reported.begin(), reported.end(), gateway) != reported.end()) continue;
      reported.push_back(gateway);
      result.push_back("the next hop " + gateway.to_string() + " (for " +
                       route.destination.to_string() +
                       ") is not on-link now: no link that is up has an address in its network; " +
                       "bring the link up or correct its prefix length");
    }
  }
  return result;
}

void keep_reachable(model::HostState& state, const model::HostFacts& facts) {
  const auto networks = on_link(state, facts);
  std::erase_if(state.routes, [&](const model::Route& route) {
    return std::none_of(route.gateways.begin(), route.gateways.end(),
                        [&](const auto& gateway) { return covered(networks, gateway); });
  });
}

}  // namespace overland::desired
