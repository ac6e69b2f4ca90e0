#pragma once
// The chain of table `ip overland` that stands in for Docker's own: told to let cluster traffic
// through, its nftables backend leaves out the drop of what is routed straight to a container.
// Pure.

#include <optional>

#include "firewall/nft/statement.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

inline constexpr const char* kDirectChain = "direct";

/// None where the policy does not want it. Behind "trusted-in", which marks what is let in.
std::optional<Chain> direct_chain(const model::FirewallPolicy& policy);
/// The set of where it applies, with what it holds.
void add_direct_set(Table& table, const model::FirewallPolicy& policy);

/// The reverse.
std::optional<model::DirectDrop> direct_drop_in(const Table& table);

}  // namespace overland::firewall::nft
