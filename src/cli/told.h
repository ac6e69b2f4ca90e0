#pragma once
// What the timer's runs would say again every five minutes: each such warning is in the journal
// once, until it changes or goes.

#include <string>
#include <vector>

#include "model/finding.h"

namespace overland::cli {

/// Those of `findings` that `told` does not have yet. `told`, hashes of sentences, has just these
/// afterwards; what there is no room for is said each time.
std::vector<model::Finding> news(const std::vector<model::Finding>& findings,
                                 std::vector<std::string>& told);

}  // namespace overland::cli
