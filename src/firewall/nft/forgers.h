#pragma once
// The chains of table `ip overland` that keep containers from sending with the address of another
// host. Pure.
//
// They stand where packets are forwarded. In prerouting br_netfilter, which Docker turns on, shows
// what a bridge merely switches as well: a peer's packets to a virtual machine on a bridge of its
// own into the same network would be lost there.

#include <vector>

#include "firewall/nft/groups.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// None where the policy does not want it.
std::vector<Chain> forger_chains(const model::FirewallPolicy& policy, const Lists& lists);
/// Whether they stand in `table`.
bool stops_forgers(const Table& table);

}  // namespace overland::firewall::nft
