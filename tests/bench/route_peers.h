#pragma once
// Other ways to put routes into the kernel, for comparison. All work in this process's network
// namespace, on routes through gateways that are on-link there, and throw base::Error.

#include <chrono>
#include <vector>

#include "model/route.h"

namespace overland::bench {

using Seconds = std::chrono::duration<double>;

/// The routes to the bridge subnets of `count` peers: through a gateway each, or all through one.
std::vector<model::Route> fleet_routes(std::size_t count, bool one_gateway);

/// The kernel's floor: the messages are made beforehand, and sent 64 a system call.
Seconds add_prebuilt(const std::vector<model::Route>& routes);
/// libnl's rtnl_route_add(), one after the other.
Seconds add_with_libnl(const std::vector<model::Route>& routes);
/// `ip -batch` on a file of "route add PREFIX via GATEWAY": the whole process.
Seconds add_with_ip_batch(const std::vector<model::Route>& routes);
/// The published recipe as a shell script: `ip route add` once a route.
Seconds add_with_shell_loop(const std::vector<model::Route>& routes);
/// BIRD with static routes, from its start to the notice of its last route.
Seconds add_with_bird(const std::vector<model::Route>& routes);

/// Looking only: `ip route show proto overland` (by its number), its output thrown away.
Seconds show_with_ip();

}  // namespace overland::bench
