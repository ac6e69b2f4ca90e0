#include "desired/networks.h"

#include <algorithm>
#include <map>

#include "desired/container_networks.h"

namespace overland::desired {
namespace {

using model::Network;
using model::NetworkDriver;

/// What containers never get: Docker keeps the gateway for itself.
std::vector<model::Address> reserved_in(const inventory::Network& network,
                                        const inventory::HostNetwork& here) {
  std::vector<model::Address> reserved;
  for (const auto& address : network.reserve) {
    if (here.subnet.contains(address)) reserved.push_back(address);
  }
  if (here.shim) reserved.push_back(*here.shim);
  std::erase_if(reserved, [&](const auto& address) { return here.gateway == address; });
  std::ranges::sort(reserved);
  reserved.erase(std::unique(reserved.begin(), reserved.end()), reserved.end());
  return reserved;
}

Network network_of(const inventory::Network& network, const inventory::HostNetwork& here) {
  Network result;
  result.name = network.name;
  result.driver = network.driver;
  result.maker = network.maker;
  result.subnet = here.subnet;
  result.range = here.range;
  result.gateway = here.gateway;
  result.reserved = reserved_in(network, here);
  result.link = network.link;
  result.mode = network.mode;
  result.internal = network.internal;
  result.options = network.options;
  return result;
}

/// Whether the link is there, or one of those we are about to make.
bool there(const std::string& link, const model::HostState& state, const model::HostFacts& facts) {
  return facts.has_link(link) ||
         std::ranges::find(state.links, link, &model::Link::name) != state.links.end();
}

/// What an ipvlan network needs of the kernel and of Docker: `waits` is told what is missing, and
/// the remedy.
template <typename Waits>
void ipvlan_needs(const Network& network, const model::HostFacts& facts, const Waits& waits) {
  if (network.driver != NetworkDriver::kIpvlan) return;
  if (facts.no_ipvlan) {
    waits("this kernel has no ipvlan, and containers on it would not start",
          "load the module ipvlan, or run a kernel that has it");
  }
  if (network.mode == "l3" && facts.firewall.no_link_guards) {
    waits("this kernel cannot drop at a link's ingress what strangers send to l3 containers",
          "write mode = \"l3s\", or run a kernel with nf_tables for family netdev");
  }
  const std::string& version = facts.docker.version;
  if (network.mode == "l3s" && facts.docker.networks_known && !model::docker_knows_l3s(version)) {
    waits("Docker " + version + " does not know mode l3s",
          "upgrade Docker to 23.0 or later, or write mode = \"l3\"");
  }
}

}  // namespace

std::vector<Network> networks(const inventory::Inventory& inventory, const inventory::Host& host,
                              const model::HostFacts& facts) {
  std::vector<Network> result;
  if (!host.networks) return result;
  for (const auto& here : *host.networks) {
    const auto& network = inventory.networks[here.network];
    result.push_back(network_of(network, here));
    if (network.driver == NetworkDriver::kBridge) continue;
    result.back().parent = parent_of(inventory, host, facts, network).value_or(network.parent);
  }
  std::ranges::sort(result, {}, &Network::name);
  return result;
}

NetworkMisfits network_misfits(const model::HostState& state, const model::HostFacts& facts) {
  NetworkMisfits result;
  const std::string& version = facts.docker.version;
  std::map<std::string, NetworkDriver> parents;
  for (const auto& network : state.networks) {
    if (network.maker != model::NetworkMaker::kOverland) continue;
    const auto waits = [&](const std::string& message, const std::string& remedy) {
      result.findings.push_back(
          {model::Severity::kMisfit, "network " + network.name, message, remedy});
      if (result.names.empty() || result.names.back() != network.name) {
        result.names.push_back(network.name);
      }
    };
    const bool on_a_link = network.driver != NetworkDriver::kBridge;
    if (on_a_link && !there(network.parent, state, facts)) {
      waits(network.parent.empty() ? "no link of this machine leads to its segment"
                                   : "its parent, link " + network.parent + ", is not there",
            "make that link, or give the host a parent in the inventory; then overland apply");
    }
    if (!on_a_link && somebody_elses(facts, network.maker, network.driver, network.link)) {
      waits("a link " + network.link +
                " is there that is no bridge of Docker's, and Docker would use it",
            "give the network another link in the inventory, or rename that one");
    }
    ipvlan_needs(network, facts, waits);
    if (!facts.docker.networks_known) continue;
    for (const auto& [option, value] : network.options) {
      const std::string fault = model::option_fault(version, option, value);
      if (!fault.empty()) waits("option " + option + " " + fault, "take it out of the inventory");
    }
    if (!on_a_link) continue;
    const auto [first, alone] = parents.emplace(network.parent, network.driver);
    const bool ipvlan =
        network.driver == NetworkDriver::kIpvlan || first->second == NetworkDriver::kIpvlan;
    if (!alone && (ipvlan || !model::docker_shares_parents(version))) {
      waits("a second network on " + network.parent +
                (ipvlan ? ", and ipvlan shares its parent with nothing"
                        : ", which Docker before 28.0 refuses"),
            ipvlan ? "give it a parent of its own"
                   : "upgrade Docker, or give it a parent of its own");
    }
  }
  return result;
}

}  // namespace overland::desired
