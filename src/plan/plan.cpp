#include "plan/plan.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "plan/conflicts.h"
#include "plan/diff.h"
#include "plan/order.h"
#include "plan/standing.h"

namespace overland::plan {
namespace {

using model::FirewallPolicy;
using model::HostState;
using model::Observed;
using model::Severity;

std::pair<model::Prefix, std::uint32_t> route_key(const model::Route& route) {
  return {route.destination, route.metric};
}

std::string link_key(const model::VlanLink& link) { return link.name; }

void unite(std::vector<model::Prefix>& into, const std::vector<model::Prefix>& more) {
  into.insert(into.end(), more.begin(), more.end());
  into = model::aggregate(std::move(into));
}

void unite(std::vector<std::string>& into, const std::vector<std::string>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

/// What stays trusted while nothing may be pruned: the old prefixes and links beside the new. Where
/// the inventory is in doubt, this host's own containers too.
void keep_trusted(FirewallPolicy& wanted, const FirewallPolicy& actual, bool doubted) {
  if (doubted) {
    unite(wanted.local, actual.local);
    unite(wanted.bridges, actual.bridges);
  }
  unite(wanted.peer_subnets, actual.peer_subnets);
  unite(wanted.peer_hosts, actual.peer_hosts);
  unite(wanted.transit, actual.transit);
  unite(wanted.underlay_links, actual.underlay_links);
  for (const auto& out : actual.masquerades) {
    const bool known = std::any_of(wanted.masquerades.begin(), wanted.masquerades.end(),
                                   [&](const auto& one) { return one.link == out.link; });
    if (!known) wanted.masquerades.push_back(out);
  }
  std::sort(wanted.masquerades.begin(), wanted.masquerades.end());
}

/// Without the next hops that are not on-link now: the kernel would refuse the whole route.
/// nullopt where none is left.
std::optional<model::Route> reachable(model::Route route, const model::HostFacts& facts) {
  std::erase_if(route.gateways, [&](const auto& gateway) {
    return std::binary_search(facts.unreachable.begin(), facts.unreachable.end(), gateway);
  });
  if (route.gateways.empty()) return std::nullopt;
  return route;
}

/// Where a change belongs.
template <typename T>
std::vector<Step>& place(const Change<T>& change, const Options& options, Plan& plan) {
  return change.to || options.prune ? plan.steps : plan.held;
}

void diff_sysctls(const HostState& actual, const HostState& desired, const Options& options,
                  Plan& plan) {
  for (const auto& wanted : desired.sysctls) {
    const bool waits = options.hold_forwarding && wanted.key == "net.ipv4.ip_forward";
    auto& steps = waits ? plan.held : plan.steps;
    const auto now = std::find_if(actual.sysctls.begin(), actual.sysctls.end(),
                                  [&](const auto& one) { return one.key == wanted.key; });
    if (now == actual.sysctls.end()) {
      steps.emplace_back(SysctlStep{std::nullopt, wanted});
    } else if (now->value != wanted.value) {
      steps.emplace_back(SysctlStep{*now, wanted});
    }
  }
}

void diff_links(const HostState& actual, const HostState& desired, const model::HostFacts& facts,
                const Options& options, Plan& plan) {
  // A foreign link of that name is a conflict; trying to make ours beside it could only fail.
  const auto foreign = [&](const std::string& name) {
    return std::any_of(facts.links.begin(), facts.links.end(),
                       [&](const auto& link) { return link.name == name && !link.ours; });
  };
  keyed_diff(actual.links, desired.links, link_key, [&](LinkStep change) {
    if (!change.from && foreign(change.to->name)) return;
    place(change, options, plan).emplace_back(std::move(change));
  });
}

void diff_firewall(const Observed& observed, const HostState& desired, const Options& options,
                   Plan& plan) {
  if (observed.firewall_unread) return;
  const auto& actual = observed.state.firewall;
  if (!desired.firewall) {
    if (!actual) return;
    FirewallStep removal{actual, std::nullopt};
    (options.prune ? plan.steps : plan.held).emplace_back(std::move(removal));
    return;
  }
  FirewallPolicy wanted = *desired.firewall;
  if (!options.prune && actual) {
    keep_trusted(wanted, *actual, !options.held_reason.empty());
    if (wanted != *desired.firewall) plan.held.emplace_back(FirewallStep{wanted, desired.firewall});
  }
  if (actual == wanted && observed.defects.empty()) return;
  plan.steps.emplace_back(FirewallStep{actual, std::move(wanted), observed.defects});
}

void diff_routes(const HostState& actual, const HostState& desired, const model::HostFacts& facts,
                 const Options& options, Plan& plan) {
  std::vector<model::Prefix> taken;
  for (const auto& foreign : facts.foreign_routes) taken.push_back(foreign.destination);
  std::sort(taken.begin(), taken.end());
  if (options.adopt) {
    for (const auto& foreign : facts.foreign_routes) {
      if (wants_route_to(desired, foreign.destination)) plan.steps.emplace_back(AdoptStep{foreign});
    }
  }
  if (desired.routes.size() > actual.routes.size()) {  // so many are missing at least
    plan.steps.reserve(plan.steps.size() + desired.routes.size() - actual.routes.size());
  }
  keyed_diff(actual.routes, desired.routes, route_key, [&](RouteStep change) {
    if (change.to && !facts.unreachable.empty()) {
      change.to = reachable(std::move(*change.to), facts);
      if (!change.to || change.from == change.to) return;
    }
    const bool held_by_others =
        !options.adopt && !change.from &&
        std::binary_search(taken.begin(), taken.end(), change.to->destination);
    if (!held_by_others) place(change, options, plan).emplace_back(std::move(change));
  });
}

/// The names of the keys that have another value, or are there where they should not be.
std::vector<std::string> differing_keys(const model::DockerSettings& actual,
                                        const model::DockerSettings& desired) {
  std::vector<std::string> names;
  for (const auto& [name, value] : desired.keys) {
    const auto now = actual.keys.find(name);
    if ((now == actual.keys.end() ? std::nullopt : now->second) != value) names.push_back(name);
  }
  return names;
}

void diff_docker(const Observed& observed, const HostState& desired, const model::HostFacts& facts,
                 const Options& options, Plan& plan) {
  if (!desired.docker || desired.docker->mode == model::DaemonJsonMode::kOff) return;
  const auto& wanted = *desired.docker;
  const auto now = observed.state.docker.value_or(model::DockerSettings{});
  const auto differing = differing_keys(now, wanted);
  const bool write = wanted.mode == model::DaemonJsonMode::kMerge && !differing.empty() &&
                     !observed.daemon_json_unread;
  // With half an inventory, or another's, this host's own bip may be another's as well.
  const bool guess = options.hold && (blind(observed) || !options.held_reason.empty());
  if (write) (guess ? plan.held : plan.steps).emplace_back(DockerStep{now, wanted});
  if (!facts.docker.running) return;
  if (wanted.address && now.address != wanted.address) {
    plan.docker_restart_required = true;
    plan.docker_restart_reason = wanted.bridge + " has " +
                                 (now.address ? now.address->to_string() : "no address") +
                                 ", bip says " + wanted.address->to_string();
  } else if (observed.restart_pending) {
    plan.docker_restart_required = true;
    plan.docker_restart_reason = "the running dockerd has not read daemon.json yet";
  } else if (write && differing != std::vector<std::string>{"bip"}) {
    plan.docker_restart_required = true;
    plan.docker_restart_reason = "dockerd reads these keys only when it starts";
  }
  // Where another tool owns daemon.json and has not set our keys yet, a restart would be in vain.
  const bool in_vain = wanted.mode == model::DaemonJsonMode::kVerify && !differing.empty();
  if (plan.docker_restart_required && options.restart_docker && !in_vain && !guess) {
    plan.steps.emplace_back(RestartDockerStep{wanted.address});
  }
}

std::vector<model::Finding> only(const std::vector<model::Finding>& findings, Severity first,
                                 Severity last) {
  std::vector<model::Finding> result;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(result),
               [&](const auto& one) { return first <= one.severity && one.severity <= last; });
  return result;
}

}  // namespace

std::vector<model::Finding> Plan::holding() const {
  return only(findings, Severity::kUnknown, Severity::kMisfit);
}
std::vector<model::Finding> Plan::conflicts() const {
  return only(findings, Severity::kConflict, Severity::kConflict);
}
std::vector<model::Finding> Plan::advice() const {
  return only(findings, Severity::kUntold, Severity::kAdvice);
}

Plan make_plan(const Observed& observed, const HostState& desired, const model::HostFacts& facts,
               const Options& given) {
  Plan plan;
  const HostState& actual = observed.state;
  plan.findings = observed.findings;
  Options options = given;
  options.prune = given.prune && (plan.holding().empty() || !given.hold);
  plan.prunes = options.prune;
  find_conflicts(observed, desired, facts, options, plan.findings);
  give_advice(desired, facts, plan.findings);
  diff_sysctls(actual, desired, options, plan);
  diff_links(actual, desired, facts, options, plan);
  diff_firewall(observed, desired, options, plan);
  diff_routes(actual, desired, facts, options, plan);
  diff_docker(observed, desired, facts, options, plan);
  put_in_order(plan.steps);
  if (options.defer) plan.held.clear();
  // What goes by an inventory that lost too much may be gone already, after a reboot.
  if (!given.prune && !options.defer) plan.held_reason = given.held_reason;
  if (!plan.held.empty() && plan.held_reason.empty()) {
    plan.held_reason = "not all could be looked at, or fits";
  }
  return plan;
}

}  // namespace overland::plan
