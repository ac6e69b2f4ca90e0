#include "kernel/link_message.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>

#include "model/ownership.h"

namespace overland::kernel {
namespace {

/// The parts of IFLA_LINKINFO we look at.
bool read_info(nlattr* info, LinkMessage& link) {
  std::array<nlattr*, IFLA_INFO_MAX + 1> attributes = {};
  if (nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) return false;
  link.kind = netlink::read_text(attributes[IFLA_INFO_KIND]);
  if (link.kind != "vlan" || attributes[IFLA_INFO_DATA] == nullptr) return true;
  std::array<nlattr*, IFLA_VLAN_MAX + 1> data = {};
  if (nla_parse_nested(data.data(), IFLA_VLAN_MAX, attributes[IFLA_INFO_DATA], nullptr) < 0) {
    return false;
  }
  link.vlan = netlink::read_u16(data[IFLA_VLAN_ID]);
  return true;
}

void begin_link(netlink::MessageBuffer& buffer, std::uint16_t type, unsigned flags, int index) {
  ifinfomsg header = {};
  header.ifi_index = index;
  buffer.begin(type, flags, header);
}

void put_address_change(netlink::MessageBuffer& buffer, std::uint16_t type, unsigned flags,
                        int index, const model::InterfaceAddress& address) {
  ifaddrmsg header = {};
  header.ifa_family = static_cast<std::uint8_t>(address.address.family());
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<std::uint32_t>(index);
  buffer.begin(type, flags, header);
  buffer.put_address(IFA_LOCAL, address.address);
  buffer.put_address(IFA_ADDRESS, address.address);
}

}  // namespace

bool LinkMessage::ours() const {
  return kind == "vlan" &&
         (alias == model::kLinkAlias || (alias.empty() && group == kUnfinishedGroup));
}

std::optional<LinkMessage> read_link(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK) return std::nullopt;
  std::array<nlattr*, IFLA_MAX + 1> attributes = {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  if (nlmsg_parse(whole, sizeof(ifinfomsg), attributes.data(), IFLA_MAX, nullptr) < 0 ||
      attributes[IFLA_IFNAME] == nullptr) {
    return std::nullopt;
  }
  const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(whole));
  LinkMessage link;
  link.index = header->ifi_index;
  link.flags = header->ifi_flags;
  link.name = netlink::read_text(attributes[IFLA_IFNAME]);
  link.alias = netlink::read_text(attributes[IFLA_IFALIAS]);
  link.mtu = netlink::read_u32(attributes[IFLA_MTU]);
  link.group = netlink::read_u32(attributes[IFLA_GROUP]);
  // With IFLA_LINK_NETNSID the index is one of another namespace.
  if (attributes[IFLA_LINK_NETNSID] == nullptr) {
    link.parent = static_cast<int>(netlink::read_u32(attributes[IFLA_LINK]));
  }
  nlattr* info = attributes[IFLA_LINKINFO];
  if (info != nullptr && !read_info(info, link)) return std::nullopt;
  return link;
}

std::optional<AddressMessage> read_link_address(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR) return std::nullopt;
  std::array<nlattr*, IFA_MAX + 1> attributes = {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  if (nlmsg_parse(whole, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) {
    return std::nullopt;
  }
  const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(whole));
  // IFA_ADDRESS is the other end's on a point-to-point link; IPv6 often has that one alone.
  auto address = netlink::read_address(attributes[IFA_LOCAL]);
  if (!address) address = netlink::read_address(attributes[IFA_ADDRESS]);
  if (!address) return std::nullopt;
  return AddressMessage{static_cast<int>(header->ifa_index), {*address, header->ifa_prefixlen}};
}

void put_link_dump(netlink::MessageBuffer& buffer) {
  begin_link(buffer, RTM_GETLINK, 0, 0);
  buffer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

void put_address_dump(netlink::MessageBuffer& buffer) {
  buffer.begin(RTM_GETADDR, 0, ifaddrmsg{});  // family AF_UNSPEC
}

void put_new_vlan(netlink::MessageBuffer& buffer, const std::string& name, int parent,
                  std::uint16_t vlan, std::uint32_t mtu) {
  begin_link(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
  buffer.put_string(IFLA_IFNAME, name);
  buffer.put_u32(IFLA_LINK, static_cast<std::uint32_t>(parent));
  buffer.put_u32(IFLA_MTU, mtu);
  buffer.put_u32(IFLA_GROUP, kUnfinishedGroup);
  const std::size_t info = buffer.open(IFLA_LINKINFO);
  buffer.put_string(IFLA_INFO_KIND, "vlan");
  const std::size_t data = buffer.open(IFLA_INFO_DATA);
  buffer.put_u16(IFLA_VLAN_ID, vlan);  // no IFLA_VLAN_FLAGS: REORDER_HDR is on by default
  buffer.close(data);
  buffer.close(info);
}

void put_finish_link(netlink::MessageBuffer& buffer, int index, std::uint32_t mtu, bool up) {
  ifinfomsg header = {};
  header.ifi_index = index;
  header.ifi_flags = up ? unsigned{IFF_UP} : 0U;
  header.ifi_change = IFF_UP;
  buffer.begin(RTM_NEWLINK, 0, header);
  const auto* alias = reinterpret_cast<const std::uint8_t*>(model::kLinkAlias.data());
  buffer.put_bytes(IFLA_IFALIAS, {alias, model::kLinkAlias.size()});  // a length, no NUL
  buffer.put_u32(IFLA_GROUP, 0);
  buffer.put_u32(IFLA_MTU, mtu);
}

void put_delete_link(netlink::MessageBuffer& buffer, int index) {
  begin_link(buffer, RTM_DELLINK, 0, index);
}

void put_new_address(netlink::MessageBuffer& buffer, int index,
                     const model::InterfaceAddress& address) {
  put_address_change(buffer, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
}

void put_delete_address(netlink::MessageBuffer& buffer, int index,
                        const model::InterfaceAddress& address) {
  put_address_change(buffer, RTM_DELADDR, 0, index, address);
}

}  // namespace overland::kernel
