#pragma once
// Routes as rtnetlink messages: reading RTM_NEWROUTE, writing the four requests we make.
// Only for this folder: it shows kernel types.

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/link_names.h"
#include "model/address.h"
#include "model/route.h"
#include "netlink/netlink_message.h"

namespace overland::kernel {

/// What of a kernel route matters to us.
struct RouteMessage {
  model::Prefix destination;
  std::uint32_t metric = 0;
  std::uint32_t table = 0;    // RT_TABLE_MAIN is 254
  std::uint8_t protocol = 0;  // rtm_protocol of rtnetlink(7)
  std::uint8_t type = 0;      // RTN_UNICAST is 1
  bool direct = false;        // of scope link: to the neighbour itself
  bool cloned = false;        // a cache entry, no route of its own
  bool onlink = false;        // the only gateway is taken to be on the link
  // Sorted; a hop of weight n stands there n times, so that routes of unequal weights differ.
  std::vector<model::Address> gateways;
  std::optional<model::Address> source;
  std::string metrics;  // the contents of RTA_METRICS
  unsigned link = 0;    // interface index of the only hop; 0 for several, and for none
};

/// rtm_protocol of a message, without reading the rest of it; 0 where it is not a route.
std::uint8_t route_protocol(const nlmsghdr& message);

/// nullopt where the message is no IPv4 or IPv6 route, or cannot be understood.
std::optional<RouteMessage> read_route(const nlmsghdr& message);

/// A dump of the main table; `protocol` 0: of all protocols. The kernel filters from 4.20 on.
void put_route_dump(netlink::MessageBuffer& buffer, model::Family family, std::uint8_t protocol);
/// Which route answers for packets to `address`, from `source` where it is given: the route itself,
/// not what is made of it (kernel 4.13 on).
void put_route_lookup(netlink::MessageBuffer& buffer, const model::Address& address,
                      const std::optional<model::Address>& source = std::nullopt);
/// `flags`: NLM_F_CREATE and so on.
void put_new_route(netlink::MessageBuffer& buffer, const model::Route& route, unsigned flags,
                   LinkNames& links);
/// Deletes the route of ours with this gateway; with several or none, the first one at its
/// destination and metric.
void put_delete_route(netlink::MessageBuffer& buffer, const model::Route& route, LinkNames& links);
/// Makes somebody else's route again, with its protocol; likewise.
void put_new_foreign(netlink::MessageBuffer& buffer, const model::ForeignRoute& route,
                     unsigned link);
/// Deletes somebody else's route; `link` is an interface index, 0 for any.
void put_delete_foreign(netlink::MessageBuffer& buffer, const model::ForeignRoute& route,
                        unsigned link);

}  // namespace overland::kernel
