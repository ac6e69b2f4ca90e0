#pragma once
// What is behind the links of this host, in table `ip overland`. Behind one link is what "local"
// holds. With several, link and source are asked together, or a container would be believed with
// the addresses of another network: sets "own-24" and the like hold both, one for each length of
// prefixes. Closed networks and joined ones have chains and sets of their own: "closed" with
// "closed-1-peers", "joined". Pure.

#include <string_view>
#include <vector>

#include "firewall/nft/groups.h"
#include "firewall/nft/statement.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// The beginnings of rules for what comes from this host's containers that the cluster reaches.
std::vector<Statements> from_own(const model::FirewallPolicy& policy);

/// The jumps of chain "trusted-in" to the chains below.
std::vector<Statements> own_jumps(const model::FirewallPolicy& policy);
/// None where no network is closed or joined.
std::vector<Chain> own_chains(const model::FirewallPolicy& policy, const Lists& lists);
/// Of chain "keep-source".
std::vector<Statements> own_sources_kept(const model::FirewallPolicy& policy);
/// Not to a link of a closed network; none without.
Statements to_none_closed(const model::FirewallPolicy& policy);
/// Not to a closed network; none without.
Statements not_for_closed(const model::FirewallPolicy& policy);
void add_own_sets(Table& table, const model::FirewallPolicy& policy);

/// Whether a set of this name, one of ours, holds links and sources.
bool is_of_senders(std::string_view set);

/// The reverse.
std::vector<model::Behind> behind_in(const Table& table);
std::vector<model::ClosedNetwork> closed_in(const Table& table);
std::vector<model::Join> joins_in(const Table& table);

}  // namespace overland::firewall::nft
