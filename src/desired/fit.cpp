#include "desired/fit.h"

#include <algorithm>

#include "desired/derive.h"

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
  for (const auto& link : state.links) networks.push_back(link.address.prefix());
  return model::aggregate(std::move(networks));
}

bool covered(const std::vector<model::Prefix>& networks, const model::Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const auto& network) { return network.contains(address); });
}

std::vector<model::Address> find_unreachable(const model::HostState& state,
                                             const model::HostFacts& facts) {
  const auto networks = on_link(state, facts);
  std::vector<model::Address> result;
  for (const auto& route : state.routes) {
    for (const auto& gateway : route.gateways) {
      if (!covered(networks, gateway)) result.push_back(gateway);
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
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
    result.findings.push_back(
        {Severity::kMisfit, "segment " + segment.name,
         "the next hop " + first->to_string() +
             (behind == 1 ? "" : " and " + std::to_string(behind - 1) + " more") +
             " is not on-link now: no link that is up has an address in " +
             segment.subnet.to_string(),
         "bring link " + *link + " up, or correct its prefix length"});
  }
  result.nowhere = missing == host.addresses.size();
}

}  // namespace

Fit fit(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
        const model::HostState& state) {
  Fit result;
  result.unreachable = find_unreachable(state, facts);
  segments(inventory, host, facts, result);
  const bool docker_needed = host.bip && host.docker.daemon_json != model::DaemonJsonMode::kOff;
  if (docker_needed && !facts.docker.installed && facts.docker.unknown.empty()) {
    result.findings.push_back(
        {Severity::kMisfit, "docker",
         "host " + host.name + " has a bip but Docker is not installed here",
         "install Docker, or take bip out of the inventory for a host that is only a router"});
  }
  if (state.firewall && !facts.firewall.variant && facts.firewall.unknown.empty()) {
    result.findings.push_back({Severity::kMisfit, "firewall",
                               "no usable packet filter: " + facts.firewall.evidence,
                               "run a kernel with nf_tables, 4.18 or later"});
  }
  return result;
}

}  // namespace overland::desired
