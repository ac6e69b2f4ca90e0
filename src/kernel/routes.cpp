#include "kernel/routes.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "kernel/own_routes.h"
#include "kernel/remnants.h"
#include "kernel/route_message.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

std::string gateway_names(const model::Route& route) {
  std::string names;
  for (const model::Address& gateway : route.gateways) {
    names += (names.empty() ? "" : ", ") + gateway.to_string();
  }
  return names;
}

std::string describe(const model::Route& route) {
  if (route.kind == model::RouteKind::kUnreachable) {
    return "unreachable " + route.destination.to_string();
  }
  const std::string by_link = route.link ? " dev " + *route.link : "";
  if (route.gateways.empty()) return route.destination.to_string() + by_link;
  return route.destination.to_string() + " via " + gateway_names(route) + by_link + " metric " +
         std::to_string(route.metric);
}

base::Error create_error(const model::Route& route, const netlink::Refusal& refusal) {
  const std::string what = "cannot add route " + describe(route);
  if (refusal.error == ENETUNREACH || refusal.error == EHOSTUNREACH) {
    const bool several = route.gateways.size() > 1;
    return {base::ErrorKind::kFailure,
            what + ": " + (several ? "one of these gateways" : "gateway " + gateway_names(route)) +
                " is not on-link now",
            refusal.error};
  }
  if (refusal.error == EEXIST) {
    return {base::ErrorKind::kFailure, what + ": another route holds this destination and metric",
            refusal.error};
  }
  return netlink::refusal_error(what, refusal);
}

/// One apply(): the steps, what became of each, and the socket.
class Batch {
 public:
  explicit Batch(std::span<const plan::RouteStep> steps) : steps_(steps), outcomes_(steps.size()) {}

  std::vector<host::Outcome> run() {
    add();
    remove(superseded());
    return std::move(outcomes_);
  }

 private:
  /// All new routes. A changed one is put behind the old one (NLM_F_APPEND) and takes over when
  /// that is removed: NLM_F_REPLACE would take whichever route stands first at (prefix, metric),
  /// whoever made it, and would leave no route where the new gateway is refused.
  void add() {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].to) chosen.push_back(i);
    }
    std::vector<std::size_t> held;
    socket_.execute(
        chosen.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          const plan::RouteStep& step = steps_[chosen[i]];
          // Behind somebody else's of the same metric ours is in nobody's way.
          const bool behind = step.from || step.to->kind == model::RouteKind::kUnreachable;
          put_new_route(buffer, *step.to, NLM_F_CREATE | (behind ? NLM_F_APPEND : NLM_F_EXCL),
                        links_);
        },
        [&](std::size_t i, const nlmsghdr& message) {
          const netlink::Refusal refusal = netlink::read_refusal(message);
          if (refusal.error == EEXIST) held.push_back(chosen[i]);
          outcomes_[chosen[i]] = create_error(*steps_[chosen[i]].to, refusal);
        });
    if (!held.empty()) forgive(held);
  }

  /// EEXIST is success where the very route is there and ours.
  void forgive(const std::vector<std::size_t>& held) {
    std::vector<model::Route> ours = dump_own_routes();
    std::sort(ours.begin(), ours.end());
    for (const std::size_t i : held) {
      if (std::binary_search(ours.begin(), ours.end(), *steps_[i].to)) outcomes_[i].reset();
    }
  }

  /// The steps with an old route to take away: those whose successors stand.
  [[nodiscard]] std::vector<std::size_t> superseded() const {
    std::vector<std::size_t> chosen;
    bool multipath = false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const plan::RouteStep& step = steps_[i];
      if (!step.from || outcomes_[i] || (step.to && *step.from == *step.to)) continue;
      chosen.push_back(i);
      multipath = multipath || step.from->gateways.size() > 1;
    }
    if (!multipath) return chosen;
    std::vector<model::Route> ours = dump_own_routes();
    std::sort(ours.begin(), ours.end());
    std::erase_if(chosen, [&](std::size_t i) {
      const model::Route& old = *steps_[i].from;
      return old.gateways.size() > 1 && !std::binary_search(ours.begin(), ours.end(), old);
    });
    return chosen;
  }

  void remove(const std::vector<std::size_t>& chosen) {
    socket_.execute(
        chosen.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          put_delete_route(buffer, *steps_[chosen[i]].from, links_);
        },
        [&](std::size_t i, const nlmsghdr& message) {
          const netlink::Refusal refusal = netlink::read_refusal(message);
          if (refusal.error == ESRCH) return;  // gone already
          outcomes_[chosen[i]] = netlink::refusal_error(
              "cannot remove route " + describe(*steps_[chosen[i]].from), refusal);
        });
  }

  std::span<const plan::RouteStep> steps_;
  std::vector<host::Outcome> outcomes_;
  netlink::Socket socket_;
  LinkNames links_;
};

}  // namespace

std::vector<model::Route> RouteTable::read() { return in_force(dump_own_routes()); }

std::vector<host::Outcome> RouteTable::apply(std::span<const plan::RouteStep> steps) {
  return Batch(steps).run();
}

void RouteTable::restore(const model::ForeignRoute& route) {
  const unsigned link = route.link.empty() ? 0 : ::if_nametoindex(route.link.c_str());
  if (!route.link.empty() && link == 0) return;  // gone, and its routes with it
  const netlink::Refusal refusal = netlink::Socket().execute(
      [&](netlink::MessageBuffer& buffer) { put_new_foreign(buffer, route, link); });
  if (refusal.error != 0 && refusal.error != EEXIST) {
    throw netlink::refusal_error("cannot put route " + route.destination.to_string() + " back",
                                 refusal);
  }
}

std::vector<std::string> RouteTable::remnants() { return kernel::remnants(); }

void RouteTable::remove(const model::ForeignRoute& route) {
  if (route.protocol == model::kRouteProtocol || route.protocol == RTPROT_UNSPEC) {
    throw base::Error(base::ErrorKind::kInvalid, route.destination.to_string() + " of protocol " +
                                                     std::to_string(route.protocol) +
                                                     " cannot be told from ours");
  }
  const unsigned link = route.link.empty() ? 0 : ::if_nametoindex(route.link.c_str());
  if (!route.link.empty() && link == 0) return;  // gone, and its routes with it
  const netlink::Refusal refusal = netlink::Socket().execute(
      [&](netlink::MessageBuffer& buffer) { put_delete_foreign(buffer, route, link); });
  if (refusal.error != 0 && refusal.error != ESRCH) {
    throw netlink::refusal_error("cannot remove route " + route.destination.to_string(), refusal);
  }
}

}  // namespace overland::kernel
