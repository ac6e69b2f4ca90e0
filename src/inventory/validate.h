#pragma once
// What can only be said of several values together. Each check reports its own faults and leaves
// out what an earlier fault made meaningless; none is quadratic in the number of hosts.

#include "inventory/draft.h"
#include "inventory/report.h"

namespace overland::inventory {

/// Resolves HostAddress::segment, then runs every check below.
void validate(Draft& draft, Report& report);

/// Names given twice, short names that another name begins with, a single host, no host.
void check_names(const Draft& draft, Report& report);
/// Every address in one segment, not at its edge, owned once, outside every bridge subnet.
void check_addresses(Draft& draft, Report& report);
/// No two subnets overlap; each bip lies in the pool, each segment outside it.
void check_subnets(const Draft& draft, Report& report);
/// VLAN ids, the names of VLAN links, bridges.
void check_links(const Draft& draft, Report& report);
/// Routers with one leg, masquerades, Docker hosts that no router connects.
void check_topology(const Draft& draft, Report& report);

/// "host docker-200", or "the host in line 12" where it has no name.
std::string label(const Draft& draft, std::size_t host);
std::string segment_label(const Draft& draft, std::size_t segment);

}  // namespace overland::inventory
