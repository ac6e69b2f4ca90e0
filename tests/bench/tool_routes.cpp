#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>

#include "base/error.h"
#include "bench/tool.h"
#include "kernel/route_message.h"
#include "netlink/netlink_socket.h"

namespace overland::bench {

int fill(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) return 64;
  const auto gateway = model::Address::parse(arguments[1]);
  if (!gateway) return 64;
  netlink::Socket().execute(
      std::stoul(arguments[0]),
      [&](netlink::MessageBuffer& buffer, std::size_t i) {
        const auto network =
            model::Address::from_ipv4(0x20000000U + (static_cast<std::uint32_t>(i) << 8U));
        rtmsg header = {};
        header.rtm_family = AF_INET;
        header.rtm_dst_len = 24;
        header.rtm_table = RT_TABLE_MAIN;
        header.rtm_protocol = RTPROT_STATIC;
        header.rtm_type = RTN_UNICAST;
        buffer.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
        buffer.put_address(RTA_DST, network);
        buffer.put_address(RTA_GATEWAY, *gateway);
      },
      [](std::size_t, const nlmsghdr& message) {
        throw netlink::refusal_error("cannot add a route", netlink::read_refusal(message));
      });
  return 0;
}

}  // namespace overland::bench
