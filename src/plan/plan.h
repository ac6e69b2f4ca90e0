#pragma once
// The difference between what is and what shall be, as an ordered list of steps. Pure: no I/O, no
// clock; the same input gives the same plan, and plan(d, d) is empty.
//
//   actual  ──┐
//   desired ──┼─ make_plan ─→ steps      what apply will do, in order
//   facts   ──┘              ├ findings   what could not be looked at, does not fit, is in the way
//                            └ held       kept back: removals until --prune or until all fits, more
//                                         where something could not be looked at (standing.h)

#include <string>
#include <vector>

#include "model/host_state.h"
#include "plan/step.h"

namespace overland::plan {

/// What stays of a host's earlier bip, or network, until --prune: routes to it and trust in it.
struct HeldSubnet {
  std::string host;
  model::Prefix subnet;
  bool networks = false;  // the host has networks beside docker0: it may be one's
};

struct Options {
  bool adopt = false;            // take foreign routes to our destinations over
  bool prune = true;             // false: nothing of ours is taken away
  bool defer = false;            // what is not taken away is a later run's, and no drift
  std::string held_reason = {};  // a clause that says why nothing is taken away
  std::vector<model::Prefix> held_trust = {};  // segments' subnets: trusted in the desired state
                                               // only because an upgrade takes nothing away
  std::vector<HeldSubnet> held_subnets = {};   // likewise in the desired state
  // The desired firewall without the last two; nullopt: the same.
  std::optional<model::FirewallPolicy> pruned_firewall = {};
  bool restart_docker = false;     // a restart of Docker may be part of the plan
  bool recreate_networks = false;  // networks in use are made anew, with their containers
  bool evict = false;              // networks in use are removed, their containers disconnected
  bool hold = true;                // false: findings hold nothing back (a way back, a purge)
  bool hold_forwarding = false;    // ip_forward is not turned on (standing.h)
};

struct Plan {
  std::vector<Step> steps;
  std::vector<model::Finding> findings;
  std::vector<Step> held;
  std::string held_reason;               // a clause; may stand although `held` is empty: what it
                                         // speaks of is gone already, after a reboot
  bool prunes = true;                    // whether removals are among the steps, not held
  bool docker_restart_required = false;  // whether or not a RestartDockerStep is among the steps
  std::string docker_restart_reason;     // one clause, empty where none is required

  [[nodiscard]] bool empty() const { return steps.empty(); }
  /// Nothing to do, nothing held back, and everything was looked at and fits: what an apply can do
  /// is done.
  [[nodiscard]] bool settled() const { return !drifted() && holding().empty(); }
  /// Settled, with nothing foreign in the way, and Docker has read what it shall.
  [[nodiscard]] bool in_sync() const {
    return settled() && !docker_restart_required && conflicts().empty();
  }
  /// Whether --prune does all that is held back.
  [[nodiscard]] bool held_for_prune() const;
  /// Something to do, or held back.
  [[nodiscard]] bool drifted() const {
    return !steps.empty() || !held.empty() || !held_reason.empty();
  }
  /// The findings that hold something back; those that are in the way; the others.
  [[nodiscard]] std::vector<model::Finding> holding() const;
  [[nodiscard]] std::vector<model::Finding> conflicts() const;
  [[nodiscard]] std::vector<model::Finding> advice() const;
};

Plan make_plan(const model::Observed& actual, const model::HostState& desired,
               const model::HostFacts& facts, const Options& options = {});

/// The state after all `steps` have been done on `actual`.
model::HostState simulate(model::HostState actual, const std::vector<Step>& steps);

/// The steps that undo `steps`, last one first: simulate(simulate(a, steps), reverse(steps)) == a
/// for every state a on which `steps` can be done. Adopted routes, restarts of Docker and sysctls
/// that were not there have no way back and are left out.
std::vector<Step> reverse(const std::vector<Step>& steps);

}  // namespace overland::plan
