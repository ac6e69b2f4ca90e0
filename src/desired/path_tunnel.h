#pragma once
// Paths between hosts that only a tunnel joins. Pure.

#include "desired/path.h"

namespace overland::desired {

/// From host `at` to host `peer`, on the way to `destination`, a subnet of the peer's. Indexes.
Stage tunnel_stage(const inventory::Inventory& inventory, std::size_t at, std::size_t peer,
                   const model::Prefix& destination);

/// Whether `to` is an address of the underlay of a host that no segment and no router joins with
/// host `at`: by what carries the tunnels, it reaches that address, too.
bool between_sites(const inventory::Inventory& inventory, std::size_t at, const Endpoint& to);
Stage site_stage(const inventory::Inventory& inventory, std::size_t at, const Endpoint& to);

/// Sets in `path`, which arrives, what source it arrives with.
void add_source(const inventory::Inventory& inventory, const Endpoint& from, const Endpoint& to,
                Path& path);

}  // namespace overland::desired
