#pragma once
// Networks of ours told to Docker by its API: made, removed, made anew with the containers on them.
// Nothing that has not our label is told anything.

#include <functional>
#include <string>
#include <vector>

#include "docker/api.h"
#include "plan/step.h"

namespace overland::docker {

/// One request to Docker and its answer; throws base::Error.
using Ask = std::function<std::string(const ApiRequest& request)>;

/// Throws with Docker's words where it refuses, and kFailure where containers use by now what was
/// free, or came since the step was planned. Making what stands as wanted and removing what is gone
/// is done, not failed. Containers
/// that are taken along keep fixed addresses, MACs that were not made from an address, aliases and
/// options; where that fails a network as it was before is made, with the same containers, and the
/// error says whether that was done.
/// The way back is asked by `back`.
void carry_out(const plan::NetworkStep& step, const Ask& ask, const Ask& back);

}  // namespace overland::docker
