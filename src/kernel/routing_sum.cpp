#include "kernel/routing_sum.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "base/digest.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

constexpr std::size_t kMostForeign = 4096;

/// All behind the header, which numbers the question.
std::span<const std::uint8_t> payload(const nlmsghdr& message) {
  auto* const whole = const_cast<nlmsghdr*>(&message);
  return {static_cast<const std::uint8_t*>(nlmsg_data(whole)),
          static_cast<std::size_t>(nlmsg_datalen(whole))};
}

/// A route of a table; nullptr where the message is none, or one of the cache's.
const rtmsg* route_of(const nlmsghdr& message) {
  const bool route = message.nlmsg_type == RTM_NEWROUTE;
  if (!route || message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return nullptr;
  const auto* header = static_cast<const rtmsg*>(nlmsg_data(const_cast<nlmsghdr*>(&message)));
  return (header->rtm_flags & RTM_F_CLONED) == 0 ? header : nullptr;
}

void add_rules(netlink::Socket& socket, base::Digest& sum) {
  const base::Digest before = sum;
  try {
    socket.dump(
        [](netlink::MessageBuffer& buffer) {
          fib_rule_hdr header = {};
          header.family = AF_INET;
          buffer.begin(RTM_GETRULE, 0, header);
        },
        [&] { sum = before; },
        [&](const nlmsghdr& message) {
          sum.add(payload(message));
          return true;
        });
  } catch (const base::Error& error) {
    // A kernel without policy routing has no rules.
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
}

}  // namespace

std::optional<std::uint64_t> routing_sum(std::uint64_t seed) {
  std::uint64_t routes = 0;
  std::size_t foreign = 0;
  // A socket of its own: a dump that is ended early leaves answers behind.
  netlink::Socket().dump(
      [](netlink::MessageBuffer& buffer) {
        rtmsg header = {};
        header.rtm_family = AF_INET;
        buffer.begin(RTM_GETROUTE, 0, header);
      },
      [&] { routes = foreign = 0; },
      [&](const nlmsghdr& message) {
        const rtmsg* const route = route_of(message);
        if (route == nullptr) return true;
        base::Digest one(seed);
        one.add(payload(message));
        routes += one.value();
        if (route->rtm_protocol != model::kRouteProtocol) ++foreign;
        return foreign <= kMostForeign;
      });
  if (foreign > kMostForeign) return std::nullopt;
  base::Digest sum(seed);
  netlink::Socket socket;
  add_rules(socket, sum);
  sum.add(routes);
  return sum.value();
}

std::uint64_t network_namespace() {
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr int kCookie = 71;  // SO_NETNS_COOKIE of asm-generic/socket.h, Linux 5.14
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, kCookie, &cookie, &size) == 0) return cookie;
  struct stat file = {};
  // Of the thread: a namespace is a thread's own.
  if (::stat("/proc/thread-self/ns/net", &file) != 0) {
    base::throw_errno("cannot tell which network namespace this is", errno);
  }
  return file.st_ino;
}

}  // namespace overland::kernel
