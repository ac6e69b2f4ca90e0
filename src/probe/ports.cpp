#include "probe/ports.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>

#include "netlink/netlink_socket.h"

namespace overland::probe {
namespace {

constexpr std::uint8_t kOperUp = 6;  // IF_OPER_UP of linux/if.h, beside which net/if.h cannot stand

nlattr* find(const nlmsghdr& message, std::size_t header, int type) {
  return ::nlmsg_find_attr(const_cast<nlmsghdr*>(&message), static_cast<int>(header), type);
}

Port read_port(const nlmsghdr& message) {
  const auto* info = static_cast<const ifinfomsg*>(::nlmsg_data(const_cast<nlmsghdr*>(&message)));
  const auto attribute = [&](int type) { return find(message, sizeof(ifinfomsg), type); };
  Port port;
  port.index = info->ifi_index;
  port.name = netlink::read_text(attribute(IFLA_IFNAME));
  port.master = static_cast<int>(netlink::read_u32(attribute(IFLA_MASTER)));
  port.other = static_cast<int>(netlink::read_u32(attribute(IFLA_LINK)));
  if (const nlattr* space = attribute(IFLA_LINK_NETNSID)) {
    port.space = static_cast<int>(netlink::read_u32(space));
  }
  port.mtu = netlink::read_u32(attribute(IFLA_MTU));
  port.up = (info->ifi_flags & IFF_UP) != 0;
  const nlattr* state = attribute(IFLA_OPERSTATE);
  port.passes = state != nullptr && ::nla_len(state) >= 1 && ::nla_get_u8(state) == kOperUp;
  const nlattr* mac = attribute(IFLA_ADDRESS);
  port.ethernet = info->ifi_type == ARPHRD_ETHER && (info->ifi_flags & IFF_NOARP) == 0 &&
                  mac != nullptr && ::nla_len(mac) == static_cast<int>(port.mac.size());
  if (port.ethernet) {
    std::copy_n(static_cast<const std::uint8_t*>(::nla_data(mac)), port.mac.size(),
                port.mac.begin());
  }
  return port;
}

void check(const std::string& what, const netlink::Refusal& refusal) {
  if (refusal.error != 0) throw netlink::refusal_error(what, refusal);
}

void put_end(netlink::MessageBuffer& buffer, const std::string& name, const Mac& mac,
             std::uint32_t mtu) {
  buffer.put_string(IFLA_IFNAME, name);
  buffer.put_bytes(IFLA_ADDRESS, mac);
  buffer.put_u32(IFLA_MTU, mtu);
}

void put_plug(netlink::MessageBuffer& buffer, const Plug& plug) {
  ifinfomsg head = {};
  head.ifi_flags = IFF_UP;
  head.ifi_change = IFF_UP;
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, head);
  put_end(buffer, plug.name, plug.mac, plug.mtu);
  buffer.put_u32(IFLA_MASTER, static_cast<std::uint32_t>(plug.bridge));
  const std::size_t info = buffer.open(IFLA_LINKINFO);
  buffer.put_string(IFLA_INFO_KIND, "veth");
  const std::size_t data = buffer.open(IFLA_INFO_DATA);
  const std::size_t peer = buffer.open(VETH_INFO_PEER);
  const ifinfomsg inner = {};
  buffer.append(&inner, sizeof(inner));
  put_end(buffer, plug.inner, plug.inner_mac, plug.mtu);
  buffer.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(plug.space));
  buffer.close(peer);
  buffer.close(data);
  buffer.close(info);
}

}  // namespace

std::vector<Port> ports() {
  std::vector<Port> result;
  netlink::Socket().dump(
      [](netlink::MessageBuffer& buffer) {
        buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
        buffer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
      },
      [&] { result.clear(); },
      [&](const nlmsghdr& message) {
        if (message.nlmsg_type == RTM_NEWLINK) result.push_back(read_port(message));
        return true;
      });
  return result;
}

std::optional<Port> find_port(const std::string& name) {
  std::optional<Port> found;
  netlink::Socket().execute(
      1,
      [&](netlink::MessageBuffer& buffer, std::size_t) {
        buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
        buffer.put_string(IFLA_IFNAME, name);
      },
      [&](std::size_t, const nlmsghdr& message) {
        if (message.nlmsg_type == RTM_NEWLINK) found = read_port(message);
      });
  return found;
}

std::vector<OwnAddress> own_addresses() {
  std::vector<OwnAddress> result;
  netlink::Socket().dump(
      [](netlink::MessageBuffer& buffer) {
        ifaddrmsg head = {};
        head.ifa_family = AF_INET;
        buffer.begin(RTM_GETADDR, 0, head);
      },
      [&] { result.clear(); },
      [&](const nlmsghdr& message) {
        const auto* head =
            static_cast<const ifaddrmsg*>(::nlmsg_data(const_cast<nlmsghdr*>(&message)));
        const auto address = netlink::read_address(find(message, sizeof(ifaddrmsg), IFA_LOCAL));
        if (address) {
          result.push_back({static_cast<int>(head->ifa_index), {*address, head->ifa_prefixlen}});
        }
        return true;
      });
  return result;
}

std::optional<int> space_id(int space) {
  std::optional<int> id;
  netlink::Socket().execute(
      1,
      [&](netlink::MessageBuffer& buffer, std::size_t) {
        buffer.begin(RTM_GETNSID, 0, rtgenmsg{});
        buffer.put_u32(NETNSA_FD, static_cast<std::uint32_t>(space));
      },
      [&](std::size_t, const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWNSID) return;
        const auto number = static_cast<int>(
            netlink::read_u32(find(message, sizeof(rtgenmsg), NETNSA_NSID), UINT32_MAX));
        if (number >= 0) id = number;
      });
  return id;
}

bool plug_in(const Plug& plug) {
  const auto refusal =
      netlink::Socket().execute([&](netlink::MessageBuffer& buffer) { put_plug(buffer, plug); });
  if (refusal.error == EEXIST) return false;
  check("cannot make link " + plug.name, refusal);
  return true;
}

void unplug(const std::string& name) {
  const auto refusal = netlink::Socket().execute([&](netlink::MessageBuffer& buffer) {
    buffer.begin(RTM_DELLINK, 0, ifinfomsg{});
    buffer.put_string(IFLA_IFNAME, name);
  });
  if (refusal.error != ENODEV) check("cannot remove link " + name, refusal);
}

void set_up(const std::string& inner, const model::InterfaceAddress& address,
            const model::Address& gateway) {
  netlink::Socket socket;
  const auto index = static_cast<int>(::if_nametoindex(inner.c_str()));
  const std::string what = "cannot set up " + inner;
  check(what, socket.execute([&](netlink::MessageBuffer& buffer) {
    ifinfomsg head = {};
    head.ifi_index = index;
    head.ifi_flags = IFF_UP;
    head.ifi_change = IFF_UP;
    buffer.begin(RTM_NEWLINK, 0, head);
  }));
  check(what, socket.execute([&](netlink::MessageBuffer& buffer) {
    ifaddrmsg head = {};
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = address.length;
    head.ifa_index = static_cast<std::uint32_t>(index);
    buffer.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, head);
    buffer.put_address(IFA_LOCAL, address.address);
    buffer.put_address(IFA_ADDRESS, address.address);
  }));
  check(what, socket.execute([&](netlink::MessageBuffer& buffer) {
    rtmsg head = {};
    head.rtm_family = AF_INET;
    head.rtm_table = RT_TABLE_MAIN;
    head.rtm_protocol = RTPROT_BOOT;
    head.rtm_type = RTN_UNICAST;
    buffer.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, head);
    buffer.put_address(RTA_GATEWAY, gateway);
    buffer.put_u32(RTA_OIF, static_cast<std::uint32_t>(index));
  }));
}

}  // namespace overland::probe
