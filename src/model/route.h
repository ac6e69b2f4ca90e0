#pragma once
// One kernel route of the main table, as overland wants or finds it. Its identity is destination
// and metric; next hops are sorted, so that equal routes compare equal.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::model {

struct Route {
  Prefix destination;
  std::uint32_t metric = 0;       // RTA_PRIORITY of rtnetlink(7); lower wins
  std::vector<Address> gateways;  // one, or several of equal weight: a multipath route; sorted

  auto operator<=>(const Route&) const = default;
};

/// The metric of our route to `destination`: kMetricBase plus one of 256 classes, a pure function
/// of the prefix. The kernel's fib_info hash (net/ipv4/fib_semantics.c) contains the metric but not
/// the gateway: without the spread, inserting routes through many gateways of one link is
/// quadratic.
std::uint32_t route_metric(const Prefix& destination);

/// A route that somebody else made and that concerns one of ours.
struct ForeignRoute {
  Prefix destination;
  std::uint32_t metric = 0;
  std::uint8_t protocol = 0;      // rtm_protocol of rtnetlink(7): 2 kernel, 3 boot, 4 static, …
  std::vector<Address> gateways;  // empty: on-link, or no unicast route
  std::string link;               // empty for multipath and for blackholes

  auto operator<=>(const ForeignRoute&) const = default;
};

/// A destination whose packets a policy rule (ip-rule(8)) sends past the main table, where ours
/// are.
struct Diversion {
  Prefix destination;
  std::uint32_t table = 0;  // 0: into none, the rule refuses them

  auto operator<=>(const Diversion&) const = default;
};

}  // namespace overland::model
