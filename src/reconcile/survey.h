#pragma once
// Looking at the machine: facts first (they decide what is desired), then the actual state of all
// that is desired or ours, then the plan. Nothing is changed.

#include <functional>

#include "host/ports.h"
#include "model/host_state.h"
#include "plan/plan.h"
#include "reconcile/saved_state.h"

namespace overland::reconcile {

/// The desired state on a machine of which these facts are true. Adds the mismatches to the facts.
/// May throw base::Error to refuse.
using Goal = std::function<model::HostState(model::HostFacts&)>;

struct Survey {
  model::HostFacts facts;
  model::HostState desired;
  model::HostState actual;
  plan::Plan plan;
};

/// Host name, links, Docker and packet filters; foreign_routes and mismatches stay empty.
model::HostFacts look(const host::Ports& ports);

/// The actual state of all that `desired` names and of all that is ours. Fills
/// facts.foreign_routes for the desired destinations.
model::HostState observe(const host::Ports& ports, const model::HostState& desired,
                         const SavedState& saved, model::HostFacts& facts);

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options);

}  // namespace overland::reconcile
