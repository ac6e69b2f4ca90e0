#pragma once
// Facts as a sum: equal ones have equal sums, and others most likely not.

#include <vector>

#include "base/digest.h"
#include "model/docker.h"
#include "model/link.h"

namespace overland::model {

/// As a look at links alone gives them: without rp_filter and `forwards`, which stand in
/// sysctls.
void add(const std::vector<LinkFacts>& links, base::Digest& sum);

/// As a look at Docker alone gives them: without the members of networks, who are asked for changes
/// only, and without direct_routing, which is in flags and daemon.json.
void add(const DockerFacts& docker, base::Digest& sum);

}  // namespace overland::model
