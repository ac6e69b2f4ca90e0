#include "probe/lookup.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <map>

#include "base/error.h"
#include "netlink/netlink_socket.h"

namespace overland::probe {
namespace {

std::string link_name(unsigned index) {
  std::array<char, IF_NAMESIZE> name = {};
  return ::if_indextoname(index, name.data()) == nullptr ? "" : name.data();
}

}  // namespace

std::vector<Lookup> look_up(const Sender& sender, const std::vector<model::Address>& destinations) {
  const unsigned from = sender.link.empty() ? 0 : ::if_nametoindex(sender.link.c_str());
  if (!sender.link.empty() && from == 0) base::throw_errno("no route by " + sender.link, errno);
  std::vector<Lookup> results(destinations.size());
  std::map<unsigned, std::string> links;
  const auto ask = [&](netlink::MessageBuffer& buffer, std::size_t index) {
    results[index].to = destinations[index];
    rtmsg head = {};
    head.rtm_family = AF_INET;
    head.rtm_dst_len = 32;
    head.rtm_src_len = 32;
    buffer.begin(RTM_GETROUTE, 0, head);
    buffer.put_address(RTA_DST, destinations[index]);
    buffer.put_address(RTA_SRC, sender.source);
    if (from != 0) buffer.put_u32(RTA_IIF, from);
  };
  netlink::Socket().execute(
      destinations.size(), ask, [&](std::size_t index, const nlmsghdr& message) {
        Lookup& result = results[index];
        if (message.nlmsg_type == NLMSG_ERROR) {
          result.error = netlink::read_refusal(message).error;
          return;
        }
        auto* raw = const_cast<nlmsghdr*>(&message);
        result.local = static_cast<const rtmsg*>(::nlmsg_data(raw))->rtm_type == RTN_LOCAL;
        const auto attribute = [&](int type) {
          return ::nlmsg_find_attr(raw, static_cast<int>(sizeof(rtmsg)), type);
        };
        const unsigned link = netlink::read_u32(attribute(RTA_OIF));
        auto [name, fresh] = links.try_emplace(link);
        if (fresh) name->second = link_name(link);
        result.link = name->second;
        result.gateway = netlink::read_address(attribute(RTA_GATEWAY));
      });
  return results;
}

}  // namespace overland::probe
