#include "desired/sysctls.h"

#include <algorithm>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "desired/docker.h"
#include "desired/forwarding.h"

namespace overland::desired {
namespace {

/// dockerd turns forwarding on itself when it starts, and only then sets the policy of FORWARD to
/// DROP. Turning it on before a stopped dockerd would leave the host forwarding anything. Its
/// nftables backend does not start without.
bool left_to_docker(const inventory::Host& host, const model::HostFacts& facts) {
  return !host.router && facts.docker.installed && !facts.docker.running && !nftables_next(facts);
}

}  // namespace

std::vector<model::Sysctl> sysctls(const inventory::Inventory& inventory,
                                   const inventory::Host& host, const model::HostFacts& facts) {
  std::vector<model::Sysctl> result;
  const auto links = underlay_links(inventory, host, facts);
  if ((routes_containers(inventory, host) || host.router) && !left_to_docker(host, facts)) {
    result.push_back({model::kIpForward, "1"});
  }
  // Where somebody else turned forwarding on a link's is theirs, too, and told: checks.h.
  if (facts.forwarding == model::Forwarding::kOurs) {
    for (const auto& link : shut_links(inventory, host, facts))
      result.push_back({model::link_parameter(link, "forwarding"), "1"});
  }
  if (host.router) {
    // ip-sysctl.rst: send_redirects is on if it is on for "all" OR for the link.
    result.push_back({model::link_parameter("all", "send_redirects"), "0"});
    for (const auto& link : links)
      result.push_back({model::link_parameter(link, "send_redirects"), "0"});
  }
  if (host.rp_filter == inventory::RpFilter::kLoose) {
    // ip-sysctl.rst: the maximum of "all" and the link counts; 2 is loose mode of RFC 3704.
    for (const auto& link : links)
      result.push_back({model::link_parameter(link, "rp_filter"), "2"});
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace overland::desired
