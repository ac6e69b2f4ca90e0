#pragma once
// Undoing steps. Pure.

#include <vector>

#include "plan/step.h"

namespace overland::plan {

/// The steps that undo `steps`, last one first: simulate(simulate(a, steps), reverse(steps)) == a
/// for every state a on which `steps` can be done. Adopted routes, restarts of Docker and sysctls
/// that were not there have no way back and are left out.
std::vector<Step> reverse(const std::vector<Step>& steps);

}  // namespace overland::plan
