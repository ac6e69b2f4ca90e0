#pragma once
// Foreign nf_tables rules that drop trusted traffic in spite of our anchors: an accept in one base
// chain does not stop a later chain of the same hook from dropping. Runs in a program of its own,
// overland-trace: see ask_droppers.h.

#include <vector>

#include "model/finding.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// One finding for each rule, with table, chain and whose traffic: what drops (kConflict) the first
/// packet of a connection between a local bridge subnet and a peer, whatever its protocol and
/// port. Followed from the base chains of the forward hook, policies included; of very many peers
/// only some. Reads only tables that have such a chain and belong neither to Docker nor to us.
/// kUntold: rules that may drop it, where that cannot be told, and tables that cannot be read.
std::vector<model::Finding> find_droppers(const model::FirewallPolicy& policy);

}  // namespace overland::firewall::trace
