#pragma once
// The chains of table `ip overland` for what leaves the cluster by a router. Pure.

#include <vector>

#include "firewall/nft/groups.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// None without masquerades.
std::vector<Chain> ways_out(const model::FirewallPolicy& policy, const Lists& lists);

/// The masquerades `table` amounts to, sorted.
std::vector<model::Masquerade> masquerades_in(const Table& table);

}  // namespace overland::firewall::nft
