#pragma once
// What a plan asks of each noun. A noun (sysctl, link, neighbour, firewall, route, docker, network)
// answers in the file of its name; where its steps stand among the others says order.cpp.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "plan/describe.h"
#include "plan/plan.h"

namespace overland::plan {

/// What a plan is made from.
struct Look {
  const model::Observed& observed;
  const model::HostState& desired;
  const model::HostFacts& facts;
  const Options& options;
};

/// Each adds the steps that lead to the desired state, done or held, and what it finds in the way.
void plan_sysctls(const Look& look, Plan& plan);
void plan_links(const Look& look, Plan& plan);
void plan_neighbours(const Look& look, Plan& plan);
void plan_firewall(const Look& look, Plan& plan);
void plan_routes(const Look& look, Plan& plan);
void plan_docker(const Look& look, Plan& plan);
void plan_networks(const Look& look, Plan& plan);

/// What facts.diversions tell, one finding for all that have one cause.
void find_diversions(const Look& look, std::vector<model::Finding>& findings);

/// What keeps strangers from the containers of networks that stay for now stays, too. After all
/// nouns.
void keep_guards(const Look& look, Plan& plan);

inline constexpr std::array kNouns = {plan_sysctls, plan_links,  plan_neighbours, plan_firewall,
                                      plan_routes,  plan_docker, plan_networks};

/// As metrics name it.
constexpr const char* kind_of(const SysctlStep&) { return "sysctl"; }
constexpr const char* kind_of(const LinkStep&) { return "link"; }
constexpr const char* kind_of(const NeighbourStep&) { return "neighbour"; }
constexpr const char* kind_of(const FirewallStep&) { return "firewall"; }
constexpr const char* kind_of(const RouteStep&) { return "route"; }
constexpr const char* kind_of(const AdoptStep&) { return "route"; }
constexpr const char* kind_of(const RestoreStep&) { return "route"; }
constexpr const char* kind_of(const DockerStep&) { return "docker"; }
constexpr const char* kind_of(const RestartDockerStep&) { return "docker"; }
constexpr const char* kind_of(const NetworkStep&) { return "network"; }

Words words_of(const SysctlStep& step);
Words words_of(const LinkStep& step);
Words words_of(const NeighbourStep& step);
Words words_of(const FirewallStep& step);
Words words_of(const RouteStep& step);
Words words_of(const AdoptStep& step);
Words words_of(const RestoreStep& step);
Words words_of(const DockerStep& step);
Words words_of(const RestartDockerStep& step);
Words words_of(const NetworkStep& step);

template <typename Change>
Operation operation_of(const Change& change) {
  if (!change.from) return Operation::kCreate;
  return change.to ? Operation::kChange : Operation::kRemove;
}
inline Operation operation_of(const SysctlStep&) { return Operation::kChange; }
inline Operation operation_of(const AdoptStep&) { return Operation::kRemove; }
inline Operation operation_of(const RestoreStep&) { return Operation::kCreate; }
inline Operation operation_of(const RestartDockerStep&) { return Operation::kRestart; }

/// nullopt where there is no way back.
template <typename Change>
std::optional<Step> reverse(const Change& change) {
  return Change{change.to, change.from};
}
std::optional<Step> reverse(const SysctlStep& step);
std::optional<Step> reverse(const NetworkStep& step);
inline std::optional<Step> reverse(const AdoptStep&) { return std::nullopt; }
inline std::optional<Step> reverse(const RestoreStep&) { return std::nullopt; }
inline std::optional<Step> reverse(const RestartDockerStep&) { return std::nullopt; }

/// Replaces `from` by `to` in a sorted list.
template <typename T, typename Change>
void exchange(std::vector<T>& list, const Change& change) {
  if (change.from) std::erase(list, *change.from);
  if (change.to) list.insert(std::upper_bound(list.begin(), list.end(), *change.to), *change.to);
}

/// The state after the step.
inline void simulate(model::HostState& state, const SysctlStep& s) { exchange(state.sysctls, s); }
inline void simulate(model::HostState& state, const LinkStep& s) { exchange(state.links, s); }
inline void simulate(model::HostState& state, const NeighbourStep& s) {
  exchange(state.neighbours, s);
}
inline void simulate(model::HostState& state, const FirewallStep& s) { state.firewall = s.to; }
inline void simulate(model::HostState& state, const RouteStep& s) { exchange(state.routes, s); }
inline void simulate(model::HostState& state, const NetworkStep& s) { exchange(state.networks, s); }
// Foreign routes are facts, not state.
inline void simulate(model::HostState&, const AdoptStep&) {}
inline void simulate(model::HostState&, const RestoreStep&) {}
void simulate(model::HostState& state, const DockerStep& step);
void simulate(model::HostState& state, const RestartDockerStep& step);

/// A subnet whose packets take another way once a step is done.
struct Cover {
  std::string what;
  model::Prefix subnet;
  bool stood = false;     // they took a way of ours before
  bool local = false;     // the subnet is this host's own: nobody else may live in it
  bool fallback = false;  // only packets that no other route takes
};

template <typename Other>
std::optional<Cover> cover(const Other&) {
  return std::nullopt;
}
std::optional<Cover> cover(const RouteStep& step);
std::optional<Cover> cover(const DockerStep& step);
std::optional<Cover> cover(const RestartDockerStep& step);
std::optional<Cover> cover(const NetworkStep& step);

// What nouns have in common.

/// Whether a tunnel is desired that cannot be made now: its name is somebody else's, the kernel has
/// no vxlan, or no firewall binds what it brings to its senders. Nothing is to be put on it then.
bool tunnel_waits(const Look& look);

/// Whether ours stands with another VNI or port, and is to be made anew. What asks for those in the
/// firewall changes between: no tunnel is ever open that no rule knows. Peers and routes go with
/// the old one and are entered again: as steps from what they are to the same.
bool tunnel_moves(const Look& look);

/// Where a change belongs.
template <typename Change>
std::vector<Step>& place(const Change& change, const Look& look, Plan& plan) {
  return change.to || look.options.prune ? plan.steps : plan.held;
}

template <typename Change, typename Show>
std::string from_to(const Change& change, Show show) {
  if (!change.from) return show(*change.to);
  if (!change.to || *change.from == *change.to) return show(*change.from);
  return show(*change.from) + " -> " + show(*change.to);
}

/// The first desired route to somewhere whose destination `subnet` covers, or that covers it;
/// nullptr where there is none.
const model::Route* overlapped(const model::HostState& desired, const model::Prefix& subnet);

/// The desired route to exactly `destination` that leads somewhere; nullptr where there is none.
/// O(log n).
const model::Route* route_to(const model::HostState& desired, const model::Prefix& destination);

std::string join(const std::vector<std::string>& parts, const char* separator);

}  // namespace overland::plan
