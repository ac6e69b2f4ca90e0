#pragma once
// What the tunnel may bring, in table `ip overland`. Packets around it (outer ones: UDP to its port
// with its VNI) are asked at INPUT, where the kernel has put fragments together, whether conntrack
// is there or not, and before the tunnel takes them apart: outer and inner source are looked up
// together, in sets "tunnelled-24" and the like, one for each length of prefixes. Pure.
//
//   trusted-in   outer ones for this host are not tracked; what comes by the tunnel goes to
//   inner-known  has it the mark of what was around it, it loses it; what has it not is dropped: it
//                was cut from others behind all rules
//   outer-asked  what goes to the host itself loses its mark; outer packets go to
//   outer-known  where they get it, which the anchor in filter INPUT accepts, or are dropped
//   outer-bridged what a container sends with a peer's address is dropped before that
//   outer-out    those this host sends have the mark of what is within, which goes here, and are
//                not tracked; without it they are some other socket's, and dropped. Of what the
//                host sends into the tunnel itself Docker shall not translate the source
//   bridged      what a container sends as if it were the tunnel is dropped
//   inner-done   all that leaves by the tunnel gets the mark, and the packet around has it

#include <optional>
#include <string_view>
#include <vector>

#include "firewall/nft/groups.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// None without a tunnel.
std::vector<Chain> tunnel_chains(const model::FirewallPolicy& policy, const Lists& lists);
/// The first rules of chain "trusted-in", and those behind the one that takes the mark off.
std::vector<Statements> by_tunnel(const model::FirewallPolicy& policy);
std::vector<Statements> around_tunnelled(const model::FirewallPolicy& policy);
/// The first rules of chain "bridged".
std::vector<Statements> tunnels_in_bridges(const model::FirewallPolicy& policy, const Lists& lists);
void add_tunnel_sets(Table& table, const model::FirewallPolicy& policy);

/// Whether a set of this name, one of ours, holds outer and inner sources.
bool is_of_pairs(std::string_view set);

/// The reverse; nullopt where nothing of it is there.
std::optional<model::Tunnel> tunnel_in(const Table& table);

}  // namespace overland::firewall::nft
