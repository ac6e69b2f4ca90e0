#pragma once
// What stands stays where something could not be looked at: no removal, no restart of Docker, no
// change of daemon.json, and no switch of variant, anchor or forwarding is built on a guess. Pure.

#include "model/host_state.h"

namespace overland::plan {

/// Whether something could not be looked at.
bool blind(const model::Observed& observed);

/// Whether turning ip_forward on would be a guess: something could not be looked at, no dockerd was
/// seen running (one that runs has turned it on itself), and it is not `ours` (we turned it on
/// before: then it is a repair). Nor is it turned on where the guard it needs cannot be put.
bool forwarding_waits(const model::Observed& observed, const model::HostState& desired,
                      const model::HostFacts& facts, bool ours);

/// Changes `desired` so that no switch of the firewall is left in it where a look was blind: it
/// keeps the variant and anchor observed. Where no variant is known and nothing of ours stands,
/// no firewall is desired.
void keep_standing(model::HostState& desired, const model::Observed& observed,
                   const model::HostFacts& facts);

}  // namespace overland::plan
