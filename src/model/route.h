#pragma once
// One kernel route of the main table, as overland wants or finds it. Its identity is destination
// and metric; next hops are sorted, so that equal routes compare equal.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/boxed.h"
#include "model/address.h"

namespace overland::model {

enum class RouteKind : std::uint8_t {
  kUnicast,
  kUnreachable,  // leads nowhere: packets are answered "host unreachable"
};

/// Of these there are a hundred thousand: `kind` stands where alignment leaves room.
struct Route {
  Prefix destination;
  RouteKind kind = RouteKind::kUnicast;
  std::uint32_t metric = 0;       // RTA_PRIORITY of rtnetlink(7); lower wins
  std::vector<Address> gateways;  // one, or several of equal weight: a multipath route; sorted;
                                  // none where unreachable, or behind `link`
  // A device route: what it leads to is on this link; with a gateway: that is taken to be there
  // (RTNH_F_ONLINK), by a tunnel.
  base::Boxed<std::string> link = {};

  bool operator==(const Route&) const = default;
  std::weak_ordering operator<=>(const Route& other) const {
    return std::tie(destination, metric, kind, gateways, link) <=>
           std::tie(other.destination, other.metric, other.kind, other.gateways, other.link);
  }
};

/// The metric of our route to `destination`: kMetricBase plus one of 256 classes, a pure function
/// of the prefix. The kernel's fib_info hash (net/ipv4/fib_semantics.c) contains the metric but not
/// the gateway: without the spread, inserting routes through many gateways of one link is
/// quadratic.
std::uint32_t route_metric(const Prefix& destination);

/// Where packets to `destination` go when no other route takes them: nowhere.
Route fallback_route(const Prefix& destination);

/// A route that somebody else made and that concerns one of ours.
struct ForeignRoute {
  Prefix destination;
  std::uint32_t metric = 0;
  std::uint8_t protocol = 0;  // rtm_protocol of rtnetlink(7): 2 kernel, 3 boot, 4 static, …
  // Empty: on-link, or no unicast route. One of weight n stands there n times.
  std::vector<Address> gateways;
  std::string link;                    // empty for multipath and for blackholes
  std::uint8_t type = 1;               // RTN_… of linux/rtnetlink.h: unicast
  std::optional<Address> source = {};  // RTA_PREFSRC: what this host sends with
  std::string metrics =
      {};  // RTA_METRICS: MTU and the like, as this kernel has them; only put back

  auto operator<=>(const ForeignRoute&) const = default;
};

/// A destination whose packets a policy rule (ip-rule(8)) sends past the main table, where ours
/// are; or a peer of the tunnel that the packets around the tunnel's do not reach.
struct Diversion {
  Prefix destination;
  std::uint32_t table = 0;  // 0: into none, the rule refuses them
  // No route leads them out of this host, but to this link of it; empty: nowhere at all. Only of a
  // tunnel's peers.
  std::optional<std::string> within = {};

  auto operator<=>(const Diversion&) const = default;
};

}  // namespace overland::model
