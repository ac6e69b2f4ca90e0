#include "plan/conflicts.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace overland::plan {
namespace {

using model::Finding;
using model::ForeignRoute;
using model::HostFacts;
using model::HostState;
using model::Prefix;
using model::Severity;

/// The names rtnetlink(7) and iproute2's rt_protos give the protocols met most often.
std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 2:
      return "kernel";
    case 3:
      return "boot";
    case 4:
      return "static";
    case 16:
      return "dhcp";
    case 186:
      return "bgp";
    case 188:
      return "ospf";
    default:
      return std::to_string(protocol);
  }
}

std::string show(const ForeignRoute& route) {
  std::string text = route.destination.to_string();
  for (const auto& gateway : route.gateways) text += " via " + gateway.to_string();
  if (!route.link.empty()) text += " dev " + route.link;
  text += " proto " + protocol_name(route.protocol);
  if (route.metric != 0) text += " metric " + std::to_string(route.metric);
  return text;
}

void foreign_routes(const HostState& desired, const HostFacts& facts, const Options& options,
                    std::vector<Finding>& findings) {
  for (const auto& foreign : facts.foreign_routes) {
    const bool same = wants_route_to(desired, foreign.destination);
    if (same && options.adopt) continue;
    if (same) {
      findings.push_back({Severity::kConflict, "route " + foreign.destination.to_string(),
                          "somebody else's route holds it: " + show(foreign),
                          "remove it (ip route del " + show(foreign) +
                              ") or let overland take it over with --adopt"});
    } else {
      findings.push_back(
          {Severity::kConflict, "route " + foreign.destination.to_string(),
           "somebody else's more specific route shadows part of a peer's subnet: " + show(foreign),
           "move what uses that subnet elsewhere, or remove the route"});
    }
  }
}

/// One sentence for all: behind one rule there are often hundreds.
void diversions(const HostFacts& facts, std::vector<Finding>& findings) {
  if (facts.diversions.empty()) return;
  const auto& first = facts.diversions.front();
  const std::size_t others = facts.diversions.size() - 1;
  const std::string where =
      first.table == 0 ? "refuses"
                       : "sends past the main table, by table " + std::to_string(first.table) + ",";
  findings.push_back(
      {Severity::kConflict, "policy routing",
       "somebody else's rule (ip rule) " + where + " packets to " + first.destination.to_string() +
           (others == 0 ? "" : " and " + std::to_string(others) + " more of the cluster's subnets"),
       "have the main table asked first for all but default routes: ip rule add pref 1 lookup main "
       "suppress_prefixlength 0"});
}

void link_names(const HostState& desired, const HostFacts& facts, std::vector<Finding>& findings) {
  for (const auto& wanted : desired.links) {
    for (const auto& link : facts.links) {
      if (link.name != wanted.name || link.ours) continue;
      findings.push_back({Severity::kConflict, "link " + wanted.name,
                          "a link of that name exists and is not VLAN " +
                              std::to_string(wanted.vlan) + " on " + wanted.parent,
                          "rename or remove it, or correct parent or vlan in the inventory"});
    }
  }
}

void bridge_subnet(const HostState& desired, const HostFacts& facts,
                   std::vector<Finding>& findings) {
  if (!desired.docker || !desired.docker->address) return;
  const Prefix bip = desired.docker->address->prefix();
  for (const auto& link : facts.links) {
    if (link.name == desired.docker->bridge) continue;
    for (const auto& address : link.addresses) {
      if (!bip.overlaps(address.prefix())) continue;
      findings.push_back({Severity::kConflict, "docker bip",
                          "the bridge subnet " + bip.to_string() + " covers the network " +
                              address.prefix().to_string() + " of link " + link.name +
                              ", which Docker accepts silently and then breaks",
                          "give this host another bip in the inventory"});
    }
  }
}

void docker_networks(const HostState& desired, const HostFacts& facts,
                     std::vector<Finding>& findings) {
  for (const auto& network : facts.docker.networks) {
    for (const auto& subnet : network.subnets) {
      const auto covered =
          std::find_if(desired.routes.begin(), desired.routes.end(),
                       [&](const auto& route) { return subnet.overlaps(route.destination); });
      if (covered == desired.routes.end()) continue;
      findings.push_back(
          {Severity::kConflict, "docker network " + network.name,
           "its subnet " + subnet.to_string() + " covers " + covered->destination.to_string() +
               ", which belongs to the cluster: containers here cannot reach it",
           "recreate the network with another subnet, and set default-address-pools in "
           "daemon.json to ranges outside the cluster's"});
    }
  }
}

void daemon_json(const model::Observed& observed, const HostState& desired,
                 std::vector<Finding>& findings) {
  if (!desired.docker || desired.docker->mode != model::DaemonJsonMode::kVerify) return;
  if (observed.daemon_json_unread) return;
  for (const auto& [name, wanted] : desired.docker->keys) {
    std::optional<std::string> now;
    if (const auto& actual = observed.state.docker) {
      const auto found = actual->keys.find(name);
      if (found != actual->keys.end()) now = found->second;
    }
    if (now == wanted) continue;
    findings.push_back(
        {Severity::kConflict, "daemon.json " + name,
         "is " + now.value_or("not set") + ", the inventory wants " + wanted.value_or("it not set"),
         "let the tool that owns daemon.json set it, or use daemon_json = "
         "\"merge\" for this host"});
  }
}

}  // namespace

bool wants_route_to(const HostState& desired, const Prefix& destination) {
  const auto first = std::lower_bound(
      desired.routes.begin(), desired.routes.end(), destination,
      [](const auto& route, const auto& wanted) { return route.destination < wanted; });
  return first != desired.routes.end() && first->destination == destination;
}

void find_conflicts(const model::Observed& observed, const HostState& desired,
                    const HostFacts& facts, const Options& options,
                    std::vector<Finding>& findings) {
  foreign_routes(desired, facts, options, findings);
  diversions(facts, findings);
  link_names(desired, facts, findings);
  bridge_subnet(desired, facts, findings);
  docker_networks(desired, facts, findings);
  daemon_json(observed, desired, findings);
}

void give_advice(const HostState& desired, const HostFacts& facts, std::vector<Finding>& findings) {
  if (desired.firewall && facts.firewall.both_variants) {
    findings.push_back({Severity::kAdvice, "firewall",
                        "rules stand both in legacy and in nf_tables tables; a packet has "
                        "to pass both",
                        "remove those of the variant Docker does not use"});
  }
  if (desired.firewall && facts.firewall.docker_user_cut) {
    findings.push_back(
        {Severity::kAdvice, "firewall",
         "no rule of chain FORWARD leads to DOCKER-USER, so overland's accepts stand in "
         "FORWARD itself",
         "if Docker's rules were flushed, restart Docker to have them back"});
  }
  if (!desired.docker) return;
  for (const auto& pool : facts.docker.address_pools) {
    const auto covered =
        std::find_if(desired.routes.begin(), desired.routes.end(),
                     [&](const auto& route) { return pool.overlaps(route.destination); });
    if (covered == desired.routes.end()) continue;
    findings.push_back(
        {Severity::kAdvice, "docker address pool " + pool.to_string(),
         "Docker may give a new network a subnet that covers " + covered->destination.to_string() +
             " of the cluster",
         "set default-address-pools in daemon.json to ranges outside the cluster's"});
  }
}

}  // namespace overland::plan
