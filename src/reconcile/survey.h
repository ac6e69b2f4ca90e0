#pragma once
// Looking at the machine: facts first (they decide what is desired), then the actual state of all
// that is desired or ours, then the plan. Nothing is changed. What a broken neighbour (Docker,
// D-Bus, iptables) keeps us from seeing is a finding; only the kernel's own answers have to be had.

#include <functional>

#include "host/ports.h"
#include "model/host_state.h"
#include "plan/plan.h"
#include "reconcile/saved_state.h"

namespace overland::reconcile {

/// The desired state on a machine of which these facts are true. Adds what does not fit to the
/// facts. May throw base::Error to refuse.
using Goal = std::function<model::HostState(model::HostFacts&)>;

struct Survey {
  model::HostFacts facts;
  model::HostState desired;
  model::Observed actual;
  plan::Plan plan;
};

/// Host name, links, Docker and packet filters; the rest stays empty.
model::HostFacts look(const host::Ports& ports);

/// What is there of all that `desired` names and of all that is ours. Adds to `facts` the foreign
/// routes to the desired destinations.
model::Observed observe(const host::Ports& ports, const model::HostState& desired,
                        const SavedState& saved, model::HostFacts& facts);

/// The values now of those sysctls that `named` names and the kernel has.
std::vector<model::Sysctl> read_sysctls(host::Sysctls& sysctls, const model::HostState& named);

/// What is in force of ours, compared with the policy of `named`. Throws what the port throws.
void read_firewall(host::Firewall& firewall, const model::HostState& named,
                   model::Observed& observed);

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options);

/// Adds to the findings the foreign rules that drop what the desired firewall lets through, or may.
/// Asked when all repairs are done: no repair may wait for it.
void look_who_drops(const host::Ports& ports, Survey& survey);

}  // namespace overland::reconcile
