// RouteTable::foreign() and look(): who else has routes where ours go.

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "kernel/main_table.h"
#include "kernel/own_routes.h"
#include "kernel/route_message.h"
#include "kernel/routes.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

using model::ForeignRoute;
using model::Prefix;

/// Asking about one destination costs as much as the dump of several routes; a table with more
/// foreign routes than this (and that many for each destination) is not dumped to its end.
constexpr std::size_t kDumpAlways = 1024;
constexpr std::size_t kDumpPerDestination = 2;

class Search {
 public:
  explicit Search(std::span<const Prefix> destinations)
      : destinations_(destinations.begin(), destinations.end()) {
    std::sort(destinations_.begin(), destinations_.end());
    widest_.reserve(destinations_.size());
    // Sorted by network, then length: one that lies in another comes after it.
    for (const Prefix& destination : destinations_) {
      if (widest_.empty() || !widest_.back().contains(destination)) widest_.push_back(destination);
    }
  }

  /// Puts ours there too where a dump has shown them on the way.
  std::vector<ForeignRoute> run(std::optional<std::vector<model::Route>>& ours) {
    const std::size_t limit = kDumpAlways + kDumpPerDestination * destinations_.size();
    bool dumped = dump(limit);
    if (!dumped && !look_up()) dumped = dump(std::numeric_limits<std::size_t>::max());
    if (dumped) ours = in_force(std::move(ours_));
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  /// Reads the main table; false where it has more than `limit` foreign routes.
  bool dump(std::size_t limit) {
    std::size_t seen = 0;
    dump_main_table(
        0,
        [&] {
          found_.clear();
          ours_.clear();
          // Mostly one for each, and an unreachable one; what is not filled is not resident.
          ours_.reserve(2 * destinations_.size() + 1);
          seen = 0;
        },
        [&](const nlmsghdr& message) {
          if (route_protocol(message) == model::kRouteProtocol) {
            if (auto route = own_route(message, names_)) ours_.push_back(std::move(*route));
            return true;
          }
          consider(message);
          return ++seen <= limit;
        });
    return seen <= limit;
  }

  /// Asks which route answers for each destination; false where an answer says nothing about the
  /// main table: policy rules send us to another one, or an address of this host lies there.
  bool look_up() {
    found_.clear();
    bool conclusive = true;
    netlink::Socket().execute(
        destinations_.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          put_route_lookup(buffer, destinations_[i].network());
        },
        [&](std::size_t, const nlmsghdr& message) {
          if (message.nlmsg_type == NLMSG_ERROR) {
            // No route at all is an answer; blackholes and the like are told by other errors.
            conclusive = conclusive && netlink::read_refusal(message).error == ENETUNREACH;
          } else if (route_protocol(message) != model::kRouteProtocol) {
            conclusive = consider(message) && conclusive;
          }
        });
    return conclusive;
  }

  /// Keeps a route that has a destination of ours or lies within one: there the kernel prefers it.
  /// False where it is not of the main table.
  bool consider(const nlmsghdr& message) {
    const auto route = read_route(message);
    if (!route || route->table != RT_TABLE_MAIN) return false;
    if (!route->cloned && concerns_us(route->destination)) {
      found_.push_back({route->destination, route->metric, route->protocol, route->gateways,
                        names_.name(route->link), route->type, route->source, route->metrics});
    }
    return true;
  }

  [[nodiscard]] bool concerns_us(const Prefix& prefix) const {
    const auto after = std::upper_bound(
        widest_.begin(), widest_.end(), prefix.network(),
        [](const model::Address& left, const Prefix& right) { return left < right.network(); });
    return after != widest_.begin() && std::prev(after)->contains(prefix);
  }

  std::vector<Prefix> destinations_;
  std::vector<Prefix> widest_;  // those of them that lie in no other
  std::vector<ForeignRoute> found_;
  std::vector<model::Route> ours_;  // in the kernel's order
  LinkNames names_;
};

}  // namespace

std::vector<ForeignRoute> RouteTable::foreign(std::span<const Prefix> destinations) {
  return look(destinations).foreign;
}

host::RoutesFound RouteTable::look(std::span<const Prefix> destinations) {
  if (destinations.empty()) return {read(), {}};
  std::optional<std::vector<model::Route>> ours;
  auto foreign = Search(destinations).run(ours);
  return {ours ? std::move(*ours) : read(), std::move(foreign)};
}

}  // namespace overland::kernel
