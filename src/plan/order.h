#pragma once
// The order of steps, and why. In one place, since the safety of a half-done apply depends on it.

#include <vector>

#include "plan/step.h"

namespace overland::plan {

/// Sorts stably into the order of execution.
void put_in_order(std::vector<Step>& steps);

}  // namespace overland::plan
