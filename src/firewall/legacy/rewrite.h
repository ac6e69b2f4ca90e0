#pragma once
// One legacy table on its way to how our anchors have to stand in it.

#include <string>

#include "firewall/anchors.h"

namespace overland::firewall::legacy {

/// Makes `table` hold the anchors `anchor` has there, accepting `marks`, and nothing else of ours
/// (kDockerNft: nothing at all). Commits only where something differs. A DOCKER-USER that no anchor
/// needs any more goes where nobody else uses it. The caller holds the xtables lock.
void rewrite(const std::string& table, model::FirewallAnchor anchor, const Marks& marks);

}  // namespace overland::firewall::legacy
