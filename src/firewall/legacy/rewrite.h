#pragma once
// One legacy table on its way to how our anchors have to stand in it.

#include <string>

#include "firewall/anchors.h"

namespace overland::firewall::legacy {

/// Makes `table` hold the anchors `places` has there, accepting `marks`, and nothing else of ours
/// (kDockerNft without a tunnel: nothing at all). Commits only where something differs. A
/// DOCKER-USER that no anchor needs any more goes where nobody else uses it. The caller holds the
/// xtables lock.
void rewrite(const std::string& table, const Places& places, const Marks& marks);

}  // namespace overland::firewall::legacy
