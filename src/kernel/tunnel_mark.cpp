#include "kernel/tunnel_mark.h"

#include <linux/rtnetlink.h>

#include "kernel/main_table.h"
#include "kernel/peer_tables.h"
#include "kernel/route_message.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

/// Before Linux 5.0 the kernel tells no protocol of neighbours.
bool has_our_neighbours(int link) {
  netlink::Socket socket;
  bool found = false;
  dump_neighbours(
      socket, link, [&] { found = false; },
      [&](const NeighbourEntry& entry) { found = found || entry.ours; });
  return found;
}

bool has_our_routes(int link) {
  bool found = false;
  dump_main_table(
      model::kRouteProtocol, [&] { found = false; },
      [&](const nlmsghdr& message) {
        if (found || route_protocol(message) != model::kRouteProtocol) return true;
        const auto route = read_route(message);
        found = route && route->table == RT_TABLE_MAIN && !route->cloned &&
                route->link == static_cast<unsigned>(link);
        return true;
      });
  return found;
}

}  // namespace

bool is_ours(const LinkMessage& link) {
  if (link.marked()) return true;
  if (link.kind != "vxlan") return false;
  return link.own_mac || (link.name == model::kTunnelLink &&
                          (has_our_neighbours(link.index) || has_our_routes(link.index)));
}

}  // namespace overland::kernel
