#pragma once
// Foreign rules that drop trusted traffic in spite of our anchors: an accept in one base
// chain does not stop a later chain of the same hook from dropping. Runs in a program of its own,
// overland-trace: see ask_droppers.h.

#include <vector>

#include "model/finding.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// One finding for each rule, with table, chain and whose traffic: what drops (kConflict) the first
/// packet of a connection between a local bridge subnet and a peer, whatever its protocol and
/// port, or takes our bit off its mark; and likewise what is around a tunnel's packets, on its way
/// in and out. Followed through the base chains of all hooks they pass, those at links (ingress,
/// egress) among them, policies included, of both kinds of tables that belong neither to Docker nor
/// to us; of very many peers only some. kUntold: rules that may do so, where that cannot be told
/// (where a tunnel's packet may come in by several links, what not all of them drop), and tables
/// that cannot be read.
std::vector<model::Finding> find_droppers(const model::FirewallPolicy& policy);

}  // namespace overland::firewall::trace
