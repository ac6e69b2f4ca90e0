#pragma once
// What stands stays where something could not be looked at: no removal, no restart of Docker, no
// change of daemon.json, and no switch of variant, anchor or forwarding is built on a guess. Pure.

#include <vector>

#include "model/host_state.h"

namespace overland::plan {

/// All findings of one look: those of Docker's and the firewall's facts, then the others.
std::vector<model::Finding> findings(const model::HostFacts& facts);

/// Whether something could not be looked at.
bool blind(const model::HostFacts& facts);

/// Changes `desired` so that no switch is left in it where `facts` are blind: the firewall keeps
/// the variant and anchor of `actual`, and ip_forward its value unless `forwarding_is_ours` (we
/// turned it on before: then it is a repair). Where no variant is known and nothing of ours stands,
/// no firewall is desired.
void keep_standing(model::HostState& desired, const model::HostState& actual,
                   const model::HostFacts& facts, bool forwarding_is_ours);

}  // namespace overland::plan
