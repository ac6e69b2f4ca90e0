#pragma once
// What one host needs for the tunnels to the peers that neither a segment nor a router of the
// inventory connects it with (inventory/tunnels.h). Pure.

#include <optional>
#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

struct TunnelEnd {
  /// model::kTunnelLink; nullopt where the host has no tunnel, or this machine no place for its end
  /// now. One that is there stays while its address is on its way from one link to another.
  std::optional<model::Link> link;
  std::vector<model::Finding> findings = {};  // of severity kMisfit
};

/// Its MTU is that of the link with tunnel_address as it is now, or less where the inventory says
/// so, less model::kVxlanOverhead.
TunnelEnd tunnel_end(const inventory::Inventory& inventory, const inventory::Host& host,
                     const model::HostFacts& facts);

/// The peers a tunnel leads to, as indexes, in the order of the inventory. O(hosts).
std::vector<std::size_t> tunnelled_peers(const inventory::Inventory& inventory,
                                         const inventory::Host& host);

/// One for each of them, sorted.
std::vector<model::Neighbour> neighbours(const inventory::Inventory& inventory,
                                         const inventory::Host& host);

/// Who may bring what; nullopt where the host has no tunnel. Whether its link is there makes no
/// difference, so that nothing comes through in between.
std::optional<model::Tunnel> tunnel_policy(const inventory::Inventory& inventory,
                                           const inventory::Host& host);

}  // namespace overland::desired
