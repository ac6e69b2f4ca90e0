#pragma once
// The routes of a machine overland does not run on: a LAN's own router, a laptop, a cloud's table.
// By the same paths as routes() has them; the inventory alone tells. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

struct ThirdPartyRoute {
  model::Prefix destination;
  std::string host;                      // whose bridge subnet it is; empty: a segment
  std::vector<model::Address> gateways;  // one, or with `ecmp` all equal ones; sorted
  std::string link = {};                 // of the tunnel, where one leads there; else empty

  auto operator<=>(const ThirdPartyRoute&) const = default;
};

struct ThirdParty {
  std::vector<ThirdPartyRoute> routes;  // sorted
  std::vector<std::string> unreached;   // hosts with a bridge that there is no way to
};

/// What `host`, one of the inventory's, would have: to segments it is not in, too.
ThirdParty routes_for_host(const inventory::Inventory& inventory, const inventory::Host& host);

/// What a machine needs that is attached to these segments (indexes, in its order of preference):
/// the ways to bridge subnets. Those of the segments themselves it has, or gets elsewhere.
ThirdParty routes_for_gateway(const inventory::Inventory& inventory,
                              const std::vector<std::size_t>& segments);

/// What a machine needs that reaches every host without the cluster's routers: each subnet by the
/// first address of its host.
ThirdParty routes_for_any(const inventory::Inventory& inventory);

/// The segment named `text`, or the one that holds the address `text`. Throws kUsage where there is
/// none, or the address is a host's of the inventory.
std::size_t find_segment(const inventory::Inventory& inventory, std::string_view text);

}  // namespace overland::desired
