#pragma once
// The changes overland can make. A step says what was and what shall be; from empty means create,
// to empty means remove. Steps are values: rendering, simulating and executing them are elsewhere.

#include <algorithm>
#include <compare>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/boxed.h"
#include "model/host_state.h"

namespace overland::plan {

/// A variant is as large as its largest alternative, and nearly all steps are about routes: the
/// rest stays on the heap.
template <typename T>
using Maybe =
    std::conditional_t<sizeof(T) <= sizeof(model::Route), std::optional<T>, base::Boxed<T>>;

template <typename T>
struct Change {
  Maybe<T> from;
  Maybe<T> to;

  auto operator<=>(const Change&) const = default;
};

using SysctlStep = Change<model::Sysctl>;  // `to` always set; from empty: the kernel lacks it
using LinkStep = Change<model::VlanLink>;
using RouteStep = Change<model::Route>;  // from and to have the same destination and metric
using DockerStep = Change<model::DockerSettings>;  // rewrites daemon.json; both set

/// Writes the rules anew, too, where they have `defects` and the policy stays.
struct FirewallStep {
  Maybe<model::FirewallPolicy> from;
  Maybe<model::FirewallPolicy> to;
  std::vector<std::string> defects = {};

  auto operator<=>(const FirewallStep&) const = default;
};

/// Takes a foreign route away after ours to the same destination stands (--adopt).
struct AdoptStep {
  model::ForeignRoute route;

  auto operator<=>(const AdoptStep&) const = default;
};

/// Restarts Docker so that it reads daemon.json again.
struct RestartDockerStep {
  std::optional<model::InterfaceAddress> address;  // what the bridge shall have afterwards

  auto operator<=>(const RestartDockerStep&) const = default;
};

using Step = std::variant<SysctlStep, LinkStep, FirewallStep, RouteStep, AdoptStep, DockerStep,
                          RestartDockerStep>;

template <typename Kind>
bool any(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return std::holds_alternative<Kind>(step); });
}

}  // namespace overland::plan
