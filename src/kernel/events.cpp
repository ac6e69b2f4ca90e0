#include "kernel/events.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "kernel/neighbours.h"
#include "kernel/own_routes.h"
#include "kernel/route_message.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

using host::Part;
using host::Parts;

/// For a storm of links and addresses; what is lost all the same is made up for by a look.
constexpr int kBuffer = 4 << 20;  // bytes

/// A network of IPv4: none of its bits says anything where `mask` is 0.
struct Hull {
  std::uint32_t network = 0;  // host order
  std::uint32_t mask = 0;

  bool operator==(const Hull&) const = default;
};

std::uint32_t number(const model::Address& address) {
  std::uint32_t value = 0;
  for (const auto byte : address.bytes()) value = value << 8U | byte;
  return value;
}

/// The smallest network with all of `routes`.
Hull hull_of(std::span<const model::Route> routes) {
  std::optional<Hull> hull;
  for (const auto& route : routes) {
    if (route.destination.family() != model::Family::kInet4) continue;
    const unsigned length = route.destination.length();
    const std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32U - length);
    const std::uint32_t network = number(route.destination.network());
    if (!hull) hull = Hull{network, mask};
    hull->mask &= mask;
    while (((hull->network ^ network) & hull->mask) != 0) hull->mask <<= 1U;
    hull->network &= hull->mask;
  }
  return hull.value_or(Hull());
}

// Offsets in a message about a route. The kernel writes RTA_TABLE first, then RTA_DST
// (fib_dump_info of net/ipv4/fib_semantics.c); where another one is second nothing is passed, and
// the timer looks.
constexpr std::uint32_t kType = offsetof(nlmsghdr, nlmsg_type);
constexpr std::uint32_t kFlags = offsetof(nlmsghdr, nlmsg_flags);
constexpr std::uint32_t kProtocol = NLMSG_HDRLEN + offsetof(rtmsg, rtm_protocol);
constexpr std::uint32_t kSecond = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(rtmsg)) + RTA_SPACE(4);
constexpr std::uint32_t kLink = NLMSG_HDRLEN + offsetof(ndmsg, ndm_ifindex);
constexpr std::uint32_t kPass = 0xffffffff;

/// Passes neighbours of link `tunnel`, what else is no route, routes of ours, and of foreign ones
/// those within `hull` that took the place of another, or gave it free. A filter loads in network
/// order, the kernel writes headers in the host's.
std::vector<sock_filter> filter_for(const Hull& hull, int tunnel) {
  return {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEIGH), 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEIGH), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kLink),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(static_cast<std::uint32_t>(tunnel)), 0, 14),
      BPF_STMT(BPF_RET | BPF_K, kPass),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 5, 0),
      BPF_STMT(BPF_RET | BPF_K, kPass),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kProtocol),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, model::kRouteProtocol, 7, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kFlags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_REPLACE), 0, 6),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kSecond + offsetof(rtattr, rta_type)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTA_DST), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kSecond + RTA_LENGTH(0)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, hull.mask),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, hull.network, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kPass),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
}

/// libnl numbers the ports of a process from its id on, in the bits above (nl_socket_alloc).
bool is_own(const nlmsghdr& message) {
  constexpr std::uint32_t kProcess = 0x3fffff;
  const auto process = static_cast<std::uint32_t>(::getpid());
  return (message.nlmsg_pid & kProcess) == (process & kProcess);
}

/// The route of ours that RTM_DELROUTE speaks of, in the form of RTM_NEWROUTE.
std::optional<model::Route> removed_route(const nlmsghdr& message) {
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(&message);
  std::vector<std::uint8_t> bytes(begin, begin + message.nlmsg_len);
  auto* const copy = reinterpret_cast<nlmsghdr*>(bytes.data());
  copy->nlmsg_type = RTM_NEWROUTE;
  LinkNames links;
  return own_route(*copy, links);
}

}  // namespace

struct KernelEvents::State {
  netlink::Socket socket{NETLINK_ROUTE, kBuffer};
  std::vector<model::Route> lost;
  bool more = false;  // than losses was told of routes
  Hull hull;
  int tunnel = 0;      // interface index
  bool hears = false;  // of neighbours

  void hear(bool wanted) {
    if (wanted && !hears) socket.subscribe(RTNLGRP_NEIGH);
    if (!wanted && hears) socket.unsubscribe(RTNLGRP_NEIGH);
    hears = wanted;
  }

  Parts note(const nlmsghdr& message) {
    if (is_own(message)) return {};
    switch (message.nlmsg_type) {
      case RTM_DELROUTE:
        if (auto route = removed_route(message)) {
          lost.push_back(std::move(*route));
        } else {
          more = true;
        }
        return Part::kRoutes;
      case RTM_NEWROUTE:
      case RTM_NEWRULE:
      case RTM_DELRULE:
        more = true;
        return Part::kRoutes;
      case RTM_NEWNEIGH:
      case RTM_DELNEIGH:
        return Part::kNeighbours;
      case RTM_NEWNETCONF:
        return Part::kSysctls;
      default:
        // A link that goes down, or loses its address, takes routes along without a word of them.
        more = true;
        return Part::kLinks | Part::kRoutes;
    }
  }
};

KernelEvents::KernelEvents() : state_(std::make_unique<State>()) {
  state_->socket.filter(filter_for({}, 0));
  constexpr std::array kGroups = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
                                  RTNLGRP_IPV4_RULE, RTNLGRP_IPV4_NETCONF};
  for (const int group : kGroups) state_->socket.subscribe(group);
}

KernelEvents::~KernelEvents() = default;

int KernelEvents::fd() const { return state_->socket.fd(); }

Parts KernelEvents::drain() {
  Parts parts;
  const bool whole =
      state_->socket.take([&](const nlmsghdr& message) { parts |= state_->note(message); });
  if (whole) return parts;
  state_->more = true;
  return parts | Part::kRoutes | Part::kLinks | Part::kSysctls | Part::kNeighbours;
}

std::optional<std::vector<model::Route>> KernelEvents::lost() {
  auto routes = std::exchange(state_->lost, {});
  if (std::exchange(state_->more, false)) return std::nullopt;
  return routes;
}

void KernelEvents::cover(std::span<const model::Route> routes) {
  const Hull hull = hull_of(routes);
  if (hull == state_->hull) return;
  state_->socket.filter(filter_for(hull, state_->tunnel));
  state_->hull = hull;
}

bool KernelEvents::follow_tunnel() {
  const int tunnel = own_tunnel();
  if (tunnel == state_->tunnel) return false;
  state_->socket.filter(filter_for(state_->hull, tunnel));
  state_->tunnel = tunnel;
  state_->hear(tunnel != 0);
  return true;
}

void KernelEvents::without_hearing(const std::function<void()>& write) {
  struct Deaf {
    explicit Deaf(State& state) : state_(state), heard_(state.hears) { state_.hear(false); }
    ~Deaf() { state_.hear(heard_); }
    Deaf(const Deaf&) = delete;
    Deaf& operator=(const Deaf&) = delete;
    State& state_;
    bool heard_;
  };
  const Deaf deaf(*state_);
  write();
}

}  // namespace overland::kernel
