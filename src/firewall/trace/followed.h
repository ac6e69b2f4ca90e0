#pragma once
// Whose packets are followed through foreign rules. Pure.

#include <string>
#include <vector>

#include "firewall/trace/outer_ways.h"
#include "firewall/trace/packet.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// One packet, by each of the links it may take.
using Alike = std::vector<TracedPacket>;

/// Both ways between every local subnet and every peer, by each underlay link it comes in on; both
/// ways around the tunnel's packets; and what only passes. Of very many peers only some.
std::vector<Alike> packets_of(const model::FirewallPolicy& policy,
                              const std::vector<OuterWay>& ways);

/// All links they take.
std::vector<std::string> links_of(const std::vector<Alike>& packets);

}  // namespace overland::firewall::trace
