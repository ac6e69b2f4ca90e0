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
  base::Boxed<T> from;  // most of many steps create
  Maybe<T> to;

  auto operator<=>(const Change&) const = default;
};

using SysctlStep = Change<model::Sysctl>;  // `to` always set; from empty: the kernel lacks it
using LinkStep = Change<model::Link>;
using NeighbourStep = Change<model::Neighbour>;  // from and to have the same address
using RouteStep = Change<model::Route>;          // from and to have the same destination and metric
using DockerStep = Change<model::DockerSettings>;  // rewrites daemon.json; both set

/// Writes the rules anew, too, where they have `defects` and the policy stays.
struct FirewallStep {
  Maybe<model::FirewallPolicy> from;
  Maybe<model::FirewallPolicy> to;
  std::vector<std::string> defects = {};
  /// Where `to` is empty: FORWARD has its policy DROP from us there, and no table tells it any
  /// more.
  std::vector<model::FirewallVariant> lifts = {};

  auto operator<=>(const FirewallStep&) const = default;
};

/// Containers a network step knows of before it begins.
struct Moved {
  std::vector<model::NetworkMember> members;  // to be on the network when it is done
  std::vector<std::string> gone = {};         // names of those that were, and are no more

  auto operator<=>(const Moved&) const = default;
};

/// Makes, makes anew or removes a Docker network of ours: `from` and `to` have the same name.
struct NetworkStep {
  base::Boxed<model::Network> from;
  base::Boxed<model::Network> to;
  bool members = false;  // containers on it are put on the new one, or disconnected where it goes;
                         // else it is left alone while there are any
  // Where `members`, who is on it: it is left alone where somebody came since; empty: whoever is.
  // Where not, who is to be put on what is made, or stands.
  base::Boxed<Moved> moved = {};

  /// Whether the network stays, and only those in `moved` are put on it.
  [[nodiscard]] bool only_connects() const { return from && from == to && moved && !members; }

  auto operator<=>(const NetworkStep&) const = default;
};

/// Takes a foreign route away after ours to the same destination stands (--adopt).
struct AdoptStep {
  base::Boxed<model::ForeignRoute> route;

  auto operator<=>(const AdoptStep&) const = default;
};

/// Puts it back (purge).
struct RestoreStep {
  base::Boxed<model::ForeignRoute> route;

  auto operator<=>(const RestoreStep&) const = default;
};

/// Restarts Docker so that it reads daemon.json again.
struct RestartDockerStep {
  std::optional<model::InterfaceAddress> address;  // what the bridge shall have afterwards

  auto operator<=>(const RestartDockerStep&) const = default;
};

using Step = std::variant<SysctlStep, LinkStep, FirewallStep, RouteStep, AdoptStep, RestoreStep,
                          DockerStep, RestartDockerStep, NetworkStep, NeighbourStep>;

template <typename Kind>
bool any(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return std::holds_alternative<Kind>(step); });
}

}  // namespace overland::plan
