#pragma once
// Our routes, picked out of a dump of the main table. Only for this folder: it shows kernel types.

#include <linux/netlink.h>

#include <optional>
#include <vector>

#include "kernel/link_names.h"
#include "model/route.h"

namespace overland::kernel {

/// nullopt where the message is no route of the main table, or not ours.
std::optional<model::Route> own_route(const nlmsghdr& message, LinkNames& links);

/// Ours in the kernel's order. Where a change was cut short two have one identity: the old one,
/// which is in force, stands first.
std::vector<model::Route> dump_own_routes();

/// Of routes in the kernel's order: sorted, and of each identity the one in force.
std::vector<model::Route> in_force(std::vector<model::Route> routes);

}  // namespace overland::kernel
