#include "kernel/route_message.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "model/ownership.h"

namespace overland::kernel {
namespace {

using Attributes = std::array<nlattr*, RTA_MAX + 1>;

/// The gateway among a route's or a hop's attributes; RTA_VIA is one of the other family.
std::optional<model::Address> read_gateway(const Attributes& attributes) {
  if (attributes[RTA_GATEWAY] != nullptr) return netlink::read_address(attributes[RTA_GATEWAY]);
  const nlattr* via = attributes[RTA_VIA];
  if (via == nullptr) return std::nullopt;
  // struct rtvia: the address family in two bytes, then the address.
  const int size = nla_len(via) - static_cast<int>(sizeof(rtvia));
  if (size != 4 && size != 16) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(via)) + sizeof(rtvia);
  return model::Address::from_bytes({bytes, static_cast<std::size_t>(size)});
}

/// False where a hop is cut off.
bool read_hops(nlattr* multipath, RouteMessage& route) {
  auto* hop = static_cast<rtnexthop*>(nla_data(multipath));
  int left = nla_len(multipath);
  while (left > 0) {
    if (left < static_cast<int>(sizeof(rtnexthop)) || hop->rtnh_len < sizeof(rtnexthop) ||
        hop->rtnh_len > left) {
      return false;
    }
    Attributes attributes = {};
    auto* first = reinterpret_cast<nlattr*>(RTNH_DATA(hop));
    const int size = hop->rtnh_len - static_cast<int>(sizeof(rtnexthop));
    if (nla_parse(attributes.data(), RTA_MAX, first, size, nullptr) < 0) return false;
    if (const auto gateway = read_gateway(attributes)) {
      route.gateways.insert(route.gateways.end(), std::size_t{hop->rtnh_hops} + 1, *gateway);
    }
    left -= static_cast<int>(RTNH_ALIGN(hop->rtnh_len));
    hop = RTNH_NEXT(hop);
  }
  return true;
}

rtmsg main_table(model::Family family, std::uint8_t length) {
  rtmsg header = {};
  header.rtm_family = static_cast<unsigned char>(family);
  header.rtm_dst_len = length;
  header.rtm_table = RT_TABLE_MAIN;
  return header;
}

void put_gateways(netlink::MessageBuffer& buffer, const std::vector<model::Address>& gateways) {
  if (gateways.size() == 1) buffer.put_address(RTA_GATEWAY, gateways.front());
  if (gateways.size() < 2) return;
  const std::size_t multipath = buffer.open(RTA_MULTIPATH);
  for (auto gateway = gateways.begin(); gateway != gateways.end();) {
    const auto next = std::find_if(gateway, gateways.end(),
                                   [&](const model::Address& other) { return other != *gateway; });
    rtnexthop hop = {};
    hop.rtnh_hops = static_cast<unsigned char>(next - gateway - 1);  // its weight, less one
    const std::size_t place = buffer.append(&hop, sizeof(hop));
    buffer.put_address(RTA_GATEWAY, *gateway);
    gateway = next;
    const auto length = static_cast<unsigned short>(buffer.bytes().size() - place);
    std::memcpy(buffer.at(place), &length, sizeof(length));  // rtnh_len comes first
  }
  buffer.close(multipath);
}

void put_identity(netlink::MessageBuffer& buffer, const model::Prefix& destination,
                  std::uint32_t metric) {
  if (destination.length() > 0) buffer.put_address(RTA_DST, destination.network());
  if (metric > 0) buffer.put_u32(RTA_PRIORITY, metric);
}

/// Without it where there is no such link: the kernel then refuses to make the route, and has none
/// to delete, since it went with its link.
void put_link(netlink::MessageBuffer& buffer, const std::string& link, LinkNames& links) {
  const unsigned index = links.index(link);
  if (index != 0) buffer.put_u32(RTA_OIF, index);
}

std::uint8_t type_of(const model::Route& route) {
  return route.kind == model::RouteKind::kUnreachable ? RTN_UNREACHABLE : RTN_UNICAST;
}

/// The kernel deletes only what agrees in protocol, and in gateways and link where they are given.
void put_delete(netlink::MessageBuffer& buffer, const model::Prefix& destination,
                std::uint32_t metric, std::uint8_t protocol) {
  rtmsg header = main_table(destination.family(), destination.length());
  header.rtm_protocol = protocol;
  header.rtm_scope = RT_SCOPE_NOWHERE;  // any
  buffer.begin(RTM_DELROUTE, 0, header);
  put_identity(buffer, destination, metric);
}

/// Names the gateway of the route to delete. Those of a multipath route are left out: the kernel
/// (fib_nh_match) looks for them in the order of their creation, and takes a route that has only
/// the first of them for it as well. It then deletes the first route of this metric and protocol.
void put_only_gateway(netlink::MessageBuffer& buffer, const std::vector<model::Address>& gateways) {
  if (gateways.size() == 1) put_gateways(buffer, gateways);
}

}  // namespace

std::uint8_t route_protocol(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE || message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) {
    return 0;
  }
  const auto* header = static_cast<const rtmsg*>(nlmsg_data(const_cast<nlmsghdr*>(&message)));
  return header->rtm_protocol;
}

std::optional<RouteMessage> read_route(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  Attributes attributes = {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  if (nlmsg_parse(whole, sizeof(rtmsg), attributes.data(), RTA_MAX, nullptr) < 0) {
    return std::nullopt;
  }
  const auto* header = static_cast<const rtmsg*>(nlmsg_data(whole));
  if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6) return std::nullopt;
  const auto family = static_cast<model::Family>(header->rtm_family);
  const std::array<std::uint8_t, 16> zeros = {};
  const auto any = model::Address::from_bytes({zeros.data(), std::size_t{bits(family)} / 8});
  const auto destination = netlink::read_address(attributes[RTA_DST]).value_or(any);
  if (destination.family() != family) return std::nullopt;

  RouteMessage route;
  route.destination = model::Prefix(destination, header->rtm_dst_len);
  route.metric = netlink::read_u32(attributes[RTA_PRIORITY]);
  route.table = netlink::read_u32(attributes[RTA_TABLE], header->rtm_table);
  route.protocol = header->rtm_protocol;
  route.type = header->rtm_type;
  route.direct = header->rtm_type == RTN_UNICAST && header->rtm_scope == RT_SCOPE_LINK;
  route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
  route.cloned = (header->rtm_flags & RTM_F_CLONED) != 0;
  route.link = netlink::read_u32(attributes[RTA_OIF]);
  route.source = netlink::read_address(attributes[RTA_PREFSRC]);
  if (const nlattr* metrics = attributes[RTA_METRICS]) {
    route.metrics.assign(static_cast<const char*>(nla_data(metrics)),
                         static_cast<std::size_t>(nla_len(metrics)));
  }
  if (attributes[RTA_MULTIPATH] != nullptr) {
    if (!read_hops(attributes[RTA_MULTIPATH], route)) return std::nullopt;
    std::sort(route.gateways.begin(), route.gateways.end());
  } else if (const auto gateway = read_gateway(attributes)) {
    route.gateways.push_back(*gateway);
  }
  return route;
}

void put_route_dump(netlink::MessageBuffer& buffer, model::Family family, std::uint8_t protocol) {
  rtmsg header = main_table(family, 0);
  header.rtm_protocol = protocol;
  buffer.begin(RTM_GETROUTE, 0, header);
}

void put_route_lookup(netlink::MessageBuffer& buffer, const model::Address& address,
                      const std::optional<model::Address>& source) {
  rtmsg header = {};
  header.rtm_family = static_cast<unsigned char>(address.family());
  header.rtm_dst_len = bits(address.family());
  if (source) header.rtm_src_len = bits(address.family());
  header.rtm_flags = RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE;
  buffer.begin(RTM_GETROUTE, 0, header);
  buffer.put_address(RTA_DST, address);
  if (source) buffer.put_address(RTA_SRC, *source);
}

void put_new_route(netlink::MessageBuffer& buffer, const model::Route& route, unsigned flags,
                   LinkNames& links) {
  rtmsg header = main_table(route.destination.family(), route.destination.length());
  header.rtm_protocol = model::kRouteProtocol;
  const bool direct = route.link && route.gateways.empty();
  header.rtm_scope = direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  if (route.link && !direct) header.rtm_flags = RTNH_F_ONLINK;
  header.rtm_type = type_of(route);
  buffer.begin(RTM_NEWROUTE, flags, header);
  put_identity(buffer, route.destination, route.metric);
  put_gateways(buffer, route.gateways);
  if (route.link) put_link(buffer, *route.link, links);
}

void put_delete_route(netlink::MessageBuffer& buffer, const model::Route& route, LinkNames& links) {
  put_delete(buffer, route.destination, route.metric, model::kRouteProtocol);
  put_only_gateway(buffer, route.gateways);
  if (route.link) put_link(buffer, *route.link, links);
}

void put_new_foreign(netlink::MessageBuffer& buffer, const model::ForeignRoute& route,
                     unsigned link) {
  rtmsg header = main_table(route.destination.family(), route.destination.length());
  header.rtm_protocol = route.protocol;
  header.rtm_type = route.type;
  const bool direct = route.type == RTN_UNICAST && route.gateways.empty();
  header.rtm_scope = direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  buffer.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  put_identity(buffer, route.destination, route.metric);
  put_gateways(buffer, route.gateways);
  if (link != 0) buffer.put_u32(RTA_OIF, link);
  if (route.source) buffer.put_address(RTA_PREFSRC, *route.source);
  if (route.metrics.empty()) return;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(route.metrics.data());
  buffer.put_bytes(RTA_METRICS, {bytes, route.metrics.size()});
}

void put_delete_foreign(netlink::MessageBuffer& buffer, const model::ForeignRoute& route,
                        unsigned link) {
  // Metric 0 would mean any, but the kernel keeps the routes to one prefix sorted by metric and
  // takes the first: where one of metric 0 is there, it is that one.
  put_delete(buffer, route.destination, route.metric, route.protocol);
  put_only_gateway(buffer, route.gateways);
  if (link != 0) buffer.put_u32(RTA_OIF, link);
}

}  // namespace overland::kernel
