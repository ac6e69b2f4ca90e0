#pragma once
// What can only be said of several values together. Each check reports its own faults and leaves
// out what an earlier fault made meaningless; none is quadratic in the number of hosts.

#include "inventory/draft.h"
#include "inventory/report.h"

namespace overland::inventory {

/// Runs all below in their order.
void validate(Draft& draft, Report& report);

/// Puts what each [[network]] has on each host into the hosts, as far as it could be read. Needs
/// HostAddress::segment.
void resolve_networks(Draft& draft, Report& report);
/// Who is in [tunnel]'s `only` or `exclude`: sets Host::tunnels. Needs HostAddress::segment.
void resolve_tunnel(Draft& draft, Report& report);
/// Names given twice, short names that another name begins with, a single host, no host.
void check_names(const Draft& draft, Report& report);
/// The segment of each address; kNoSegment where none holds it.
void find_segments(Draft& draft);
/// Every address in one segment, not at its edge, owned once, outside every bridge subnet.
void check_addresses(const Draft& draft, Report& report);
/// No two subnets overlap; each bip lies in the pool, each segment outside it; Docker's address
/// pools lie apart from all of them and from each other.
void check_subnets(const Draft& draft, Report& report);
/// Slots, names, joins, gateways, what is reserved.
void check_networks(const Draft& draft, Report& report);
/// Hosts' ranges of macvlan networks: in their subnets, apart, of no host, with room for shims.
void check_ranges(const Draft& draft, Report& report);
/// Networks' own links against each other and their hosts' links.
void check_network_links(const Draft& draft, Report& report);
/// An ipvlan network has its parent to itself: the kernel allows no macvlan beside it, and Docker
/// no second one.
void check_parents(const Draft& draft, Report& report);
/// VLAN ids, the names of VLAN links, bridges.
void check_links(const Draft& draft, Report& report);
/// Routers with one leg, masquerades, Docker hosts that neither router nor tunnel connects.
void check_topology(const Draft& draft, Report& report);

/// Links of the tunnel's name, ends that routes of ours cut off, routers between hosts with tunnels
/// and others, a host that is alone with its tunnels.
void check_tunnel(const Draft& draft, Report& report);

/// "host docker-200", or "the host in line 12" where it has no name.
std::string label(const Draft& draft, std::size_t host);
/// " (line 12)", with the file where the inventory has several.
std::string in_line(const Draft& draft, Position at);
std::string segment_label(const Draft& draft, std::size_t segment);
/// Whether a macvlan network has the subnet of a segment, and not one of its own.
bool in_segments_subnet(const Draft& draft, std::size_t network);
std::string network_label(const Draft& draft, std::size_t network);
/// Whether every host was read, with all its addresses, whose segments are known.
bool all_addresses(const Draft& draft);

}  // namespace overland::inventory
