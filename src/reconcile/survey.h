#pragma once
// Looking at the machine: facts first (they decide what is desired), then the actual state of all
// that is desired or ours, then the plan. Nothing is changed. What a broken neighbour (Docker,
// D-Bus, iptables) keeps us from seeing is a finding; only the kernel's own answers have to be had.

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "host/ports.h"
#include "model/host_state.h"
#include "plan/plan.h"
#include "reconcile/saved_state.h"

namespace overland::reconcile {

/// What shall be, and the firewall of it without what is held until --prune; nullopt: the same.
struct Aim {
  Aim(model::HostState desired) : state(std::move(desired)) {}
  model::HostState state;
  std::optional<model::FirewallPolicy> pruned_firewall = {};
};

/// The desired state on a machine of which these facts are true. Adds what does not fit to the
/// facts. May throw base::Error to refuse.
using Goal = std::function<Aim(model::HostFacts&)>;

struct Survey {
  model::HostFacts facts;
  model::HostState desired;
  model::Observed actual;
  plan::Plan plan;
};

/// This machine's own name for itself.
std::string hostname();

/// Host name, links, Docker and packet filters; the rest stays empty.
model::HostFacts look(const host::Ports& ports);

/// Fills in what `desired` needs of the kernel and not every kernel has: no_ipvlan, no_vxlan,
/// no_link_guards.
void ask_kernel(const host::Ports& ports, const model::HostState& desired, model::HostFacts& facts);

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options);

/// Adds to the findings the foreign rules that drop what the desired firewall lets through, or may.
/// Asked when all repairs are done: no repair may wait for it.
void look_who_drops(const host::Ports& ports, Survey& survey);

}  // namespace overland::reconcile
