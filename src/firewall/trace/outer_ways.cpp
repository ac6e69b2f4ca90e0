#include "firewall/trace/outer_ways.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "model/link.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::trace {
namespace {

using model::Address;
using model::FirewallPolicy;
using model::Prefix;

constexpr std::uint8_t kBits = 32;
constexpr int kMostVxlan = 64;  // attributes of a VXLAN link: more than any kernel has

std::string name_of(std::uint32_t link) {
  std::array<char, IF_NAMESIZE> name = {};
  return link == 0 || ::if_indextoname(link, name.data()) == nullptr ? "" : name.data();
}

/// What the tunnel sends from; nullopt where it is not there.
std::optional<Address> sends_from(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK) return std::nullopt;
  auto* whole = const_cast<nlmsghdr*>(&message);
  auto* info = nlmsg_find_attr(whole, sizeof(ifinfomsg), IFLA_LINKINFO);
  auto* data = info == nullptr ? nullptr
                               : nla_find(static_cast<const nlattr*>(nla_data(info)), nla_len(info),
                                          IFLA_INFO_DATA);
  if (data == nullptr) return std::nullopt;
  std::array<nlattr*, kMostVxlan + 1> options = {};
  if (nla_parse_nested(options.data(), kMostVxlan, data, nullptr) < 0) return std::nullopt;
  return netlink::read_address(options[IFLA_VXLAN_LOCAL]);
}

std::optional<Address> local_address() {
  std::optional<Address> local;
  netlink::Socket().execute(
      1,
      [](netlink::MessageBuffer& buffer, std::size_t) {
        buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
        buffer.put_string(IFLA_IFNAME, std::string(model::kTunnelLink));
      },
      [&](std::size_t, const nlmsghdr& message) { local = sends_from(message); });
  return local;
}

struct Answer {
  std::string link;
  std::optional<Address> source;
};

Answer read(const nlmsghdr& message) {
  std::array<nlattr*, RTA_MAX + 1> found = {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  if (message.nlmsg_type != RTM_NEWROUTE ||
      nlmsg_parse(whole, sizeof(rtmsg), found.data(), RTA_MAX, nullptr) < 0) {
    return {};
  }
  return {name_of(netlink::read_u32(found[RTA_OIF])), netlink::read_address(found[RTA_PREFSRC])};
}

/// As the tunnel itself asks: with the mark of what is within.
void ask_out(netlink::MessageBuffer& buffer, const Address& peer,
             const std::optional<Address>& local, const FirewallPolicy& policy) {
  rtmsg header = {};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = kBits;
  if (local) header.rtm_src_len = kBits;
  buffer.begin(RTM_GETROUTE, 0, header);
  buffer.put_address(RTA_DST, peer);
  if (local) buffer.put_address(RTA_SRC, *local);
  buffer.put_u32(RTA_MARK, policy.mark);
}

/// The link that has the address: the route of such a packet would be by lo.
void ask_in(netlink::MessageBuffer& buffer, const Address& local) {
  rtmsg header = {};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = kBits;
  header.rtm_flags = RTM_F_FIB_MATCH;
  buffer.begin(RTM_GETROUTE, 0, header);
  buffer.put_address(RTA_DST, local);
}

/// Neither what is within the tunnel nor what containers send comes from a peer's host.
bool is_no_wire(const std::string& link, const FirewallPolicy& policy) {
  return link.empty() || link == "lo" || link == model::kTunnelLink ||
         std::ranges::find(policy.bridges, link) != policy.bridges.end();
}

void put_links(std::vector<OuterWay>& ways, const FirewallPolicy& policy) {
  const auto local = local_address();
  std::string carrier;
  netlink::Socket().execute(
      ways.size() + (local ? 1 : 0),
      [&](netlink::MessageBuffer& buffer, std::size_t i) {
        if (i == ways.size()) return ask_in(buffer, *local);
        ask_out(buffer, ways[i].peer, local, policy);
      },
      [&](std::size_t i, const nlmsghdr& message) {
        const Answer answer = read(message);
        if (i == ways.size()) {
          carrier = answer.link;
          return;
        }
        if (!is_no_wire(answer.link, policy)) ways[i].out = answer.link;
        const auto source = local ? local : answer.source;
        if (source) ways[i].local = Prefix(*source, kBits);
      });
  for (OuterWay& way : ways) {
    for (const std::string& link : {way.out, carrier}) {
      if (!is_no_wire(link, policy)) way.in.push_back(link);
    }
  }
}

}  // namespace

std::vector<OuterWay> outer_ways(const FirewallPolicy& policy) {
  std::vector<OuterWay> ways;
  if (!policy.tunnel) return ways;
  const auto& senders = policy.tunnel->senders;
  for (std::size_t i = 0; i < senders.size() && i < kMostTraced; ++i) {
    ways.push_back({senders[i].outer, Prefix(), {}, ""});
  }
  try {
    put_links(ways, policy);
  } catch (const base::Error&) {
    // Then it is told what cannot be told.
  }
  for (OuterWay& way : ways) {
    if (way.in.empty()) {
      for (const model::Ingress& one : policy.ingress) {
        if (!is_no_wire(one.link, policy)) way.in.push_back(one.link);
      }
    }
    std::ranges::sort(way.in);
    way.in.erase(std::unique(way.in.begin(), way.in.end()), way.in.end());
  }
  return ways;
}

std::vector<std::string> texts_of(const std::vector<OuterWay>& ways) {
  std::vector<std::string> texts;
  for (const OuterWay& way : ways) {
    texts.push_back(way.peer.to_string());
    texts.push_back(way.local.to_string());
    texts.push_back(way.out);
    texts.insert(texts.end(), way.in.begin(), way.in.end());
  }
  return texts;
}

}  // namespace overland::firewall::trace
