#include "kernel/own_routes.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "kernel/main_table.h"
#include "kernel/route_message.h"
#include "model/ownership.h"

namespace overland::kernel {
namespace {

/// In the order of a route's identity.
bool before(const model::Route& left, const model::Route& right) {
  return std::tie(left.destination, left.metric) < std::tie(right.destination, right.metric);
}

}  // namespace

std::optional<model::Route> own_route(const nlmsghdr& message, LinkNames& links) {
  if (route_protocol(message) != model::kRouteProtocol) return std::nullopt;
  auto route = read_route(message);
  if (!route || route->table != RT_TABLE_MAIN || route->cloned) return std::nullopt;
  const auto kind =
      route->type == RTN_UNREACHABLE ? model::RouteKind::kUnreachable : model::RouteKind::kUnicast;
  model::Route own = {route->destination, kind, route->metric, std::move(route->gateways)};
  // Of a device route, and where a gateway is taken to be there: else its link is the kernel's to
  // find.
  const bool by_link = own.gateways.empty() || route->onlink;
  if (kind == model::RouteKind::kUnicast && by_link) {
    if (const auto& name = links.name(route->link); !name.empty()) own.link = name;
  }
  return own;
}

std::vector<model::Route> dump_own_routes() {
  std::vector<model::Route> routes;
  LinkNames links;
  dump_main_table(
      model::kRouteProtocol, [&] { routes.clear(); },
      [&](const nlmsghdr& message) {
        if (auto route = own_route(message, links)) routes.push_back(std::move(*route));
        return true;
      });
  return routes;
}

std::vector<model::Route> in_force(std::vector<model::Route> routes) {
  if (!std::is_sorted(routes.begin(), routes.end(), before)) {
    std::stable_sort(routes.begin(), routes.end(), before);
  }
  const auto same = [](const model::Route& left, const model::Route& right) {
    return !before(left, right);
  };
  routes.erase(std::unique(routes.begin(), routes.end(), same), routes.end());
  return routes;
}

}  // namespace overland::kernel
