#pragma once
// Who is believed to come in on which underlay link: whoever's shortest paths lead here by it, as
// the senders reckon them. Without that a peer's address would be believed wherever somebody
// forges it.

#include <vector>

#include "inventory/inventory.h"
#include "model/host_state.h"

namespace overland::desired {

/// By index of segment.
struct SegmentKinds {
  std::vector<bool> trusted;  // as a whole: every address of it is a peer's
  std::vector<bool>
      outside;  // leads out of the cluster: only the inventory's addresses belong to it
};

/// By index of network.
using Networks = std::vector<bool>;

/// Sorted by link, the tunnel's among them, with bridges to any wire, which believe nobody where no
/// segment is behind them. `transit` is filled in for routers only, `closed` for networks in
/// `closed_here`, the closed ones that this host has a part of.
std::vector<model::Ingress> ingress(const inventory::Inventory& inventory,
                                    const inventory::Host& host, const model::HostFacts& facts,
                                    const SegmentKinds& kinds, const Networks& closed_here);

}  // namespace overland::desired
