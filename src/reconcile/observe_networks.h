#pragma once
// Docker's networks of ours at one look: which stand, which are broken, and who is on them or was.

#include "host/ports.h"
#include "model/host_state.h"
#include "reconcile/saved_state.h"

namespace overland::reconcile {

/// Sets `now.state.networks`, and in `facts` the broken ones, the members of those that are to
/// change, and who is missing. What could not be asked is a finding.
void observe_networks(host::Docker& docker, const model::HostState& desired,
                      const SavedState& saved, model::HostFacts& facts, model::Observed& now);

}  // namespace overland::reconcile
