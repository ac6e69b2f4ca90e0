#include "plan/order.h"

#include <algorithm>

namespace overland::plan {
namespace {

// Things come into being from the ground up and go from the top down, so that at no moment a route
// leads to where the firewall does not let its packets through yet, or no longer:
//   old tunnel where a firewall follows that may ask for another one, or none, and what leads into
//              it before: a tunnel never outlives the rule that binds it
//   links      the routes' next hops become on-link; VLANs before the shims on them
//   firewall   accepts stand before the first packet is led here, and the guard before one that
//              nobody lets through can be forwarded
//   tunnel     what it brings is bound to its senders by the firewall from the first packet on
//   neighbours the tunnel's own next hops, before the routes by them
//   sysctls    forwarding must be on before routes have an effect
//   routes     new and changed ones
//   adopt      a foreign route goes only after ours to the same destination stands
//   daemon.json before the restart that reads it
//   restart    Docker after the kernel: it rewrites its own rules, and finds everything else there
//   networks   by the Docker that is to keep them, on parents that are there: it would make a
//              missing one itself, and remove it with the network
//   old parent a link that networks leave goes after them: their containers are on it until then,
//              and where that fails they are put back on it
// with the removals, from the top down (networks, routes, neighbours, the tunnel, firewall, shims,
// links), before Docker:
// what Docker made of a parent goes before the parent. Sysctls have none: on the way back
// forwarding goes off before the guard does, like all of them before all removals.
enum Rank {
  kOldTunnelRoute,
  kOldNeighbour,
  kOldTunnel,
  kLink,
  kShim,
  kFirewall,
  kTunnel,
  kNeighbour,
  kSysctl,
  kRoute,
  kAdopt,
  kNetworkRemoval,
  kRouteRemoval,
  kNeighbourRemoval,
  kTunnelRemoval,
  kFirewallRemoval,
  kShimRemoval,
  kLinkRemoval,
  kDaemonJson,
  kRestart,
  kNetwork,
  kOldParentRemoval,
};

struct Ranker {
  Rank operator()(const SysctlStep&) const { return kSysctl; }
  Rank operator()(const LinkStep& step) const {
    if (step.to) return step.to->vxlan ? kTunnel : step.to->vlan == 0 ? kShim : kLink;
    if (step.from->vxlan) return kTunnelRemoval;
    return step.from->vlan == 0 ? kShimRemoval : kLinkRemoval;
  }
  Rank operator()(const NeighbourStep& step) const {
    return step.to ? kNeighbour : kNeighbourRemoval;
  }
  Rank operator()(const FirewallStep& step) const { return step.to ? kFirewall : kFirewallRemoval; }
  Rank operator()(const RouteStep& step) const { return step.to ? kRoute : kRouteRemoval; }
  Rank operator()(const AdoptStep&) const { return kAdopt; }
  Rank operator()(const RestoreStep&) const { return kAdopt; }  // before ours goes
  Rank operator()(const DockerStep&) const { return kDaemonJson; }
  Rank operator()(const RestartDockerStep&) const { return kRestart; }
  Rank operator()(const NetworkStep& step) const { return step.to ? kNetwork : kNetworkRemoval; }
};

/// Where the tunnel goes first.
Rank rank_before_firewall(const Step& step) {
  const Rank rank = std::visit(Ranker{}, step);
  if (rank == kTunnelRemoval) return kOldTunnel;
  if (rank == kNeighbourRemoval) return kOldNeighbour;
  const auto* route = std::get_if<RouteStep>(&step);
  if (route == nullptr || route->to || !route->from->link) return rank;
  return *route->from->link == model::kTunnelLink ? kOldTunnelRoute : rank;
}

/// Whether a tunnel goes and something of it, or the firewall, comes.
bool tunnel_goes_first(const std::vector<Step>& steps) {
  bool goes = false;
  bool comes = false;
  for (const Step& step : steps) {
    if (const auto* link = std::get_if<LinkStep>(&step)) {
      goes = goes || (!link->to && link->from->vxlan);
      comes = comes || (link->to && link->to->vxlan);
    } else if (const auto* firewall = std::get_if<FirewallStep>(&step)) {
      comes = comes || firewall->to;
    }
  }
  return goes && comes;
}

Rank rank(const Step& step) { return std::visit(Ranker{}, step); }

/// The parents of networks that are made anew.
std::vector<std::string> old_parents(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  for (const Step& step : steps) {
    const auto* network = std::get_if<NetworkStep>(&step);
    if (network == nullptr || !network->from || !network->to) continue;
    if (!network->from->parent.empty()) names.push_back(network->from->parent);
  }
  return names;
}

/// Whether it takes one of them away.
bool goes_below(const Step& step, const std::vector<std::string>& parents) {
  const auto* link = std::get_if<LinkStep>(&step);
  return link != nullptr && !link->to &&
         std::find(parents.begin(), parents.end(), link->from->name) != parents.end();
}

}  // namespace

void put_in_order(std::vector<Step>& steps) {
  const auto by_kind = tunnel_goes_first(steps) ? rank_before_firewall : rank;
  const auto parents = old_parents(steps);
  const auto order = [&](const Step& step) {
    return !parents.empty() && goes_below(step, parents) ? kOldParentRemoval : by_kind(step);
  };
  const auto before = [&](const Step& a, const Step& b) { return order(a) < order(b); };
  // Steps are large, and a first apply has a hundred thousand in order.
  if (std::is_sorted(steps.begin(), steps.end(), before)) return;
  std::stable_sort(steps.begin(), steps.end(), before);
}

}  // namespace overland::plan
