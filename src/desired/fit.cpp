#include "desired/fit.h"

#include <algorithm>
#include <iterator>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "desired/networks.h"
#include "desired/tunnel.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;
using model::Severity;

/// Every network that is on-link now on a link that is up, or will be through a VLAN link.
std::vector<model::Prefix> on_link(const model::HostState& state, const model::HostFacts& facts) {
  std::vector<model::Prefix> networks;
  for (const auto& link : facts.links) {
    if (!link.up) continue;
    for (const auto& address : link.addresses) networks.push_back(address.prefix());
  }
  for (const auto& link : state.links) {
    if (link.address != model::kNoAddress) networks.push_back(link.address.prefix());
  }
  return model::aggregate(std::move(networks));
}

bool covered(const std::vector<model::Prefix>& networks, const model::Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const auto& network) { return network.contains(address); });
}

/// What a cloud gives that keeps its hosts apart: whatever is sent goes to its router.
bool is_alone(const model::HostFacts& facts, const model::Address& address) {
  return std::any_of(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return std::ranges::find(link.addresses, model::InterfaceAddress{address, 32}) !=
           link.addresses.end();
  });
}

/// Up, but with nothing behind it: a cable that was pulled, a switch that is off. Routes by it can
/// be made all the same.
bool lacks_carrier(const model::HostFacts& facts, const std::string& name) {
  return std::any_of(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return link.name == name && link.up && !link.carrier;
  });
}

/// One for each segment of the host whose link is missing, down, without carrier, or of another
/// network.
void segments(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
              Fit& result) {
  std::size_t missing = 0;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    const auto& [address, index] = host.addresses[i];
    const auto& segment = inventory.segments[index];
    const auto link = underlay_link(inventory, host, facts, i);
    if (!link) {
      ++missing;
      result.findings.push_back({Severity::kMisfit, "segment " + segment.name,
                                 "no link of this machine has the underlay address " +
                                     address.to_string() + " of host " + host.name,
                                 "configure it on a link, or correct the inventory"});
      continue;
    }
    if (lacks_carrier(facts, *link)) {
      result.findings.push_back({Severity::kMisfit, "segment " + segment.name,
                                 "link " + *link + " is up, but has no carrier",
                                 "look at its cable, and at the switch"});
    }
    const auto behind =
        std::count_if(result.unreachable.begin(), result.unreachable.end(),
                      [&](const auto& gateway) { return segment.subnet.contains(gateway); });
    if (behind == 0) continue;
    const auto first =
        std::find_if(result.unreachable.begin(), result.unreachable.end(),
                     [&](const auto& gateway) { return segment.subnet.contains(gateway); });
    const bool alone = is_alone(facts, address);
    const std::string subnet = segment.subnet.to_string();
    result.findings.push_back(
        {Severity::kMisfit, "segment " + segment.name,
         "the next hop " + first->to_string() +
             (behind == 1 ? "" : " and " + std::to_string(behind - 1) + " more") +
             " is not on-link now: " +
             (alone ? "link " + *link + " has " + address.to_string() +
                          "/32 alone, and what goes there goes to a gateway, which knows nothing "
                          "of bridge subnets"
                    : "no link that is up has an address in " + subnet),
         alone ? "where hosts reach each other directly: ip route add " + subnet + " dev " + *link +
                     "; else have the gateway route the bridge subnets"
               : "bring link " + *link + " up, or correct its prefix length"});
  }
  result.nowhere = missing == host.addresses.size();
}

/// Networks that somebody else makes, whose containers this host is to reach by a shim, on a link
/// that is not there. One of ours needs the same link itself.
void shimless(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
              std::vector<model::Finding>& findings) {
  if (!host.networks) return;
  for (const auto& part : *host.networks) {
    const auto& network = inventory.networks[part.network];
    const bool waits = part.shim && !parent_of(inventory, host, facts, network);
    if (!waits || network.maker == model::NetworkMaker::kOverland) continue;
    const std::string where = network.segment
                                  ? "into segment " + inventory.segments[*network.segment].name
                                  : network.parent;
    findings.push_back({Severity::kMisfit, "network " + network.name,
                        "there is no link " + where + " for its shim " + network.shim_link,
                        "make that link, or correct the inventory"});
  }
}

}  // namespace

std::vector<model::Address> off_link(const model::HostState& state, const model::HostFacts& facts) {
  const auto networks = on_link(state, facts);
  std::vector<model::Address> result;
  for (const auto& route : state.routes) {
    if (route.link) continue;  // behind a link of ours by what the route itself says
    for (const auto& gateway : route.gateways) {
      if (!covered(networks, gateway)) result.push_back(gateway);
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

Fit fit(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
        const model::HostState& state) {
  Fit result;
  result.unreachable = off_link(state, facts);
  std::erase_if(result.unreachable, [&](const auto& gateway) {
    return std::binary_search(facts.on_link.begin(), facts.on_link.end(), gateway);
  });
  segments(inventory, host, facts, result);
  auto misfits = network_misfits(state, facts);
  std::ranges::move(misfits.findings, std::back_inserter(result.findings));
  result.networks = std::move(misfits.names);
  shimless(inventory, host, facts, result.findings);
  std::ranges::move(tunnel_end(inventory, host, facts).findings,
                    std::back_inserter(result.findings));
  const bool docker_needed = host.bip && host.docker.daemon_json != model::DaemonJsonMode::kOff;
  if (docker_needed && !facts.docker.installed && facts.docker.unknown.empty()) {
    result.findings.push_back(
        {Severity::kMisfit, "docker",
         "host " + host.name + " has a bip but Docker is not installed here",
         "install Docker, or take bip out of the inventory for a host that is only a router"});
  }
  if (facts.no_vxlan) {
    result.findings.push_back(
        {Severity::kMisfit, std::string("link ") + std::string(model::kTunnelLink),
         "this kernel has no vxlan, and hosts behind a tunnel are not reached",
         "load the module vxlan (modprobe vxlan), or run a kernel that has it"});
  }
  if (state.firewall && !facts.firewall.variant && facts.firewall.unknown.empty()) {
    result.findings.push_back({Severity::kMisfit, "firewall",
                               "no usable packet filter: " + facts.firewall.evidence,
                               "run a kernel with nf_tables, 4.18 or later"});
  }
  return result;
}

}  // namespace overland::desired
