#include <algorithm>

#include "plan/plan.h"

namespace overland::plan {
namespace {

/// Replaces `from` by `to` in a sorted list.
template <typename T>
void exchange(std::vector<T>& list, const Change<T>& change) {
  if (change.from) std::erase(list, *change.from);
  if (change.to) list.insert(std::upper_bound(list.begin(), list.end(), *change.to), *change.to);
}

struct Simulator {
  model::HostState& state;

  void operator()(const SysctlStep& step) const { exchange(state.sysctls, step); }
  void operator()(const LinkStep& step) const { exchange(state.links, step); }
  void operator()(const FirewallStep& step) const { state.firewall = step.to; }
  void operator()(const RouteStep& step) const { exchange(state.routes, step); }
  void operator()(const AdoptStep&) const {}  // foreign routes are facts, not state
  void operator()(const DockerStep& step) const {
    if (!state.docker) state.docker.emplace();
    state.docker->mode = step.to->mode;
    state.docker->bridge = step.to->bridge;
    state.docker->keys = step.to->keys;
  }
  void operator()(const RestartDockerStep& step) const {
    if (state.docker && step.address) state.docker->address = step.address;
  }
};

}  // namespace

model::HostState simulate(model::HostState actual, const std::vector<Step>& steps) {
  for (const auto& step : steps) std::visit(Simulator{actual}, step);
  return actual;
}

}  // namespace overland::plan
