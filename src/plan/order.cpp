#include "plan/order.h"

#include <algorithm>

namespace overland::plan {
namespace {

// Things come into being from the ground up and go from the top down, so that at no moment a route
// leads to where the firewall does not let its packets through yet, or no longer:
//   sysctls    forwarding must be on before anything else has an effect
//   links      the routes' next hops become on-link
//   firewall   accepts stand before the first packet is led here
//   routes     new and changed ones
//   adopt      a foreign route goes only after ours to the same destination stands
//   daemon.json before the restart that reads it
//   restart    Docker last: it rewrites its own rules, and everything else is in place by then
// with the removals, from the top down (routes, firewall, links), before Docker. Sysctls have none.
enum Rank {
  kSysctl,
  kLink,
  kFirewall,
  kRoute,
  kAdopt,
  kRouteRemoval,
  kFirewallRemoval,
  kLinkRemoval,
  kDaemonJson,
  kRestart,
};

struct Ranker {
  Rank operator()(const SysctlStep&) const { return kSysctl; }
  Rank operator()(const LinkStep& step) const { return step.to ? kLink : kLinkRemoval; }
  Rank operator()(const FirewallStep& step) const { return step.to ? kFirewall : kFirewallRemoval; }
  Rank operator()(const RouteStep& step) const { return step.to ? kRoute : kRouteRemoval; }
  Rank operator()(const AdoptStep&) const { return kAdopt; }
  Rank operator()(const DockerStep&) const { return kDaemonJson; }
  Rank operator()(const RestartDockerStep&) const { return kRestart; }
};

Rank rank(const Step& step) { return std::visit(Ranker{}, step); }

}  // namespace

void put_in_order(std::vector<Step>& steps) {
  const auto before = [](const Step& a, const Step& b) { return rank(a) < rank(b); };
  // Steps are large, and a first apply has a hundred thousand in order.
  if (std::is_sorted(steps.begin(), steps.end(), before)) return;
  std::stable_sort(steps.begin(), steps.end(), before);
}

}  // namespace overland::plan
