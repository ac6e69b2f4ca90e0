#include "kernel/default_gateways.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "kernel/main_table.h"
#include "kernel/route_message.h"

namespace overland::kernel {

std::vector<model::Address> default_gateways() {
  std::vector<model::Address> gateways;
  dump_main_table(
      0, [&] { gateways.clear(); },
      [&](const nlmsghdr& message) {
        const auto route = read_route(message);
        if (!route || route->table != RT_TABLE_MAIN) return true;
        // net/ipv4/fib_trie.c dumps by ascending network: past 0.0.0.0 no default route follows.
        if (route->destination.network() != model::Address()) return false;
        if (route->destination.length() == 0) {
          gateways.insert(gateways.end(), route->gateways.begin(), route->gateways.end());
        }
        return true;
      });
  std::sort(gateways.begin(), gateways.end());
  gateways.erase(std::unique(gateways.begin(), gateways.end()), gateways.end());
  return gateways;
}

}  // namespace overland::kernel
