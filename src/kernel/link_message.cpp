#include "kernel/link_message.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/ipvlan.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/neighbour.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/error.h"
#include "kernel/vxlan_message.h"
#include "model/ownership.h"

namespace overland::kernel {
namespace {

struct Release {
  void operator()(nl_msg* message) const { ::nlmsg_free(message); }
  void operator()(nl_object* object) const { ::nl_object_put(object); }
  void operator()(nl_addr* address) const { ::nl_addr_put(address); }
  void operator()(rtnl_link* link) const { ::rtnl_link_put(link); }
  void operator()(rtnl_addr* address) const { ::rtnl_addr_put(address); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

template <typename T>
Owned<T> own(T* object) {
  if (object == nullptr) base::throw_errno("libnl", ENOMEM);
  return Owned<T>(object);
}

extern "C" void keep_object(nl_object* object, void* into) {
  ::nl_object_get(object);
  static_cast<Owned<nl_object>*>(into)->reset(object);
}

/// What libnl-route makes of a message of the kernel; empty where that is nothing.
Owned<nl_object> object_of(const nlmsghdr& message, std::uint16_t type) {
  if (message.nlmsg_type != type) return {};
  const auto copy = own(::nlmsg_convert(const_cast<nlmsghdr*>(&message)));
  ::nlmsg_set_proto(copy.get(), NETLINK_ROUTE);
  Owned<nl_object> object;
  ::nl_msg_parse(copy.get(), keep_object, &object);
  return object;
}

std::string text(const char* value) { return value == nullptr ? "" : value; }

std::optional<model::Address> address_of(nl_addr* address) {
  const std::size_t size = address == nullptr ? 0 : ::nl_addr_get_len(address);
  if (size != 4 && size != 16) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(::nl_addr_get_binary_addr(address));
  return model::Address::from_bytes({bytes, size});
}

/// By number: IPVLAN_MODE_… of linux/if_link.h.
constexpr std::array<const char*, 3> kIpvlanModes = {"l2", "l3", "l3s"};

std::string ipvlan_mode(rtnl_link& link) {
  if (!::rtnl_link_is_ipvlan(&link)) return {};
  std::uint16_t mode = 0;
  if (::rtnl_link_ipvlan_get_mode(&link, &mode) < 0 || mode >= kIpvlanModes.size()) return {};
  return kIpvlanModes.at(mode);
}

bool has_mac(rtnl_link& link, const model::Mac& mac) {
  nl_addr* const address = ::rtnl_link_get_addr(&link);
  return address != nullptr && ::nl_addr_get_len(address) == mac.size() &&
         std::equal(mac.begin(), mac.end(),
                    static_cast<const std::uint8_t*>(::nl_addr_get_binary_addr(address)));
}

/// nullopt where the kernel has not begun to look (NUD_NONE), or libnl read no state.
std::optional<model::Reach> reach_of(int state) {
  if (state < 0) return std::nullopt;
  const auto has = [state](unsigned bits) { return (static_cast<unsigned>(state) & bits) != 0; };
  if (has(NUD_PERMANENT | NUD_NOARP)) return model::Reach::kEntered;
  if (has(NUD_REACHABLE)) return model::Reach::kReachable;
  if (has(NUD_STALE | NUD_DELAY | NUD_PROBE)) return model::Reach::kStale;
  if (has(NUD_INCOMPLETE)) return model::Reach::kIncomplete;
  if (has(NUD_FAILED)) return model::Reach::kFailed;
  return std::nullopt;
}

/// Appends the request that `build(…, flags, &message)` of libnl makes.
template <typename Build>
void put(netlink::MessageBuffer& buffer, Build build) {
  nl_msg* raw = nullptr;
  if (build(&raw) < 0) base::throw_errno("libnl cannot build a message", ENOMEM);
  const auto message = own(raw);
  buffer.append_message(*::nlmsg_hdr(message.get()));
}

Owned<rtnl_addr> address_object(int index, const model::InterfaceAddress& address) {
  const auto bytes = address.address.bytes();
  const auto local =
      own(::nl_addr_build(static_cast<int>(address.address.family()), bytes.data(), bytes.size()));
  ::nl_addr_set_prefixlen(local.get(), address.length);
  auto object = own(::rtnl_addr_alloc());
  ::rtnl_addr_set_ifindex(object.get(), index);
  ::rtnl_addr_set_local(object.get(), local.get());
  return object;
}

void put_new(netlink::MessageBuffer& buffer, rtnl_link& link, const std::string& name, int parent,
             std::uint32_t mtu) {
  ::rtnl_link_set_name(&link, name.c_str());
  ::rtnl_link_set_link(&link, parent);
  ::rtnl_link_set_mtu(&link, mtu);
  ::rtnl_link_set_group(&link, kUnfinishedGroup);
  put(buffer, [&](nl_msg** message) {
    return ::rtnl_link_build_add_request(&link, NLM_F_CREATE | NLM_F_EXCL, message);
  });
}

}  // namespace

bool LinkMessage::marked() const {
  return (kind == "vlan" || kind == "macvlan" || kind == "ipvlan" || kind == "vxlan") &&
         (alias == model::kLinkAlias || (alias.empty() && group == kUnfinishedGroup));
}

std::optional<LinkMessage> read_link(const nlmsghdr& message) {
  const auto object = object_of(message, RTM_NEWLINK);
  if (!object) return std::nullopt;
  auto* const raw = reinterpret_cast<rtnl_link*>(object.get());
  LinkMessage link;
  link.index = ::rtnl_link_get_ifindex(raw);
  link.flags = ::rtnl_link_get_flags(raw);
  link.name = text(::rtnl_link_get_name(raw));
  if (link.name.empty()) return std::nullopt;
  link.alias = text(::rtnl_link_get_ifalias(raw));
  link.kind = text(::rtnl_link_get_type(raw));
  link.mtu = ::rtnl_link_get_mtu(raw);
  link.group = ::rtnl_link_get_group(raw);
  link.master = ::rtnl_link_get_master(raw);
  std::int32_t other_namespace = 0;
  // With IFLA_LINK_NETNSID the index is one of another namespace.
  if (::rtnl_link_get_link_netnsid(raw, &other_namespace) < 0) {
    link.parent = ::rtnl_link_get_link(raw);
  }
  if (::rtnl_link_is_vlan(raw) != 0) {
    const int id = ::rtnl_link_vlan_get_id(raw);
    if (id > 0) link.vlan = static_cast<std::uint16_t>(id);
  }
  link.ipvlan = ipvlan_mode(*raw);
  if (link.kind == "vxlan") link.vxlan = read_vxlan(message);
  link.own_mac = link.vxlan && has_mac(*raw, model::tunnel_mac(link.vxlan->local));
  return link;
}

std::optional<AddressMessage> read_link_address(const nlmsghdr& message) {
  const auto object = object_of(message, RTM_NEWADDR);
  if (!object) return std::nullopt;
  auto* const raw = reinterpret_cast<rtnl_addr*>(object.get());
  // The local end of a point-to-point link; libnl gives the peer's separately.
  const auto address = address_of(::rtnl_addr_get_local(raw));
  if (!address) return std::nullopt;
  const auto length = static_cast<std::uint8_t>(::rtnl_addr_get_prefixlen(raw));
  return AddressMessage{::rtnl_addr_get_ifindex(raw), {*address, length}};
}

std::optional<NeighbourMessage> read_neighbour(const nlmsghdr& message) {
  const auto object = object_of(message, RTM_NEWNEIGH);
  if (!object) return std::nullopt;
  auto* const raw = reinterpret_cast<rtnl_neigh*>(object.get());
  const auto address = address_of(::rtnl_neigh_get_dst(raw));
  const auto reach = reach_of(::rtnl_neigh_get_state(raw));
  if (!address || address->family() != model::Family::kInet4 || !reach) return std::nullopt;
  return NeighbourMessage{::rtnl_neigh_get_ifindex(raw), *address, *reach};
}

// libnl's caches would ask for statistics too, which cost more than all the rest.
void put_link_dump(netlink::MessageBuffer& buffer) {
  buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
  buffer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

void put_link_question(netlink::MessageBuffer& buffer, int index) {
  ifinfomsg header = {};
  header.ifi_index = index;
  buffer.begin(RTM_GETLINK, 0, header);
  buffer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

void put_address_dump(netlink::MessageBuffer& buffer) {
  buffer.begin(RTM_GETADDR, 0, ifaddrmsg{});  // family AF_UNSPEC
}

void put_neighbour_dump(netlink::MessageBuffer& buffer) {
  ndmsg header = {};
  header.ndm_family = AF_INET;
  buffer.begin(RTM_GETNEIGH, 0, header);
}

void put_new_vlan(netlink::MessageBuffer& buffer, const std::string& name, int parent,
                  std::uint16_t vlan, std::uint32_t mtu) {
  const auto link = own(::rtnl_link_vlan_alloc());
  ::rtnl_link_vlan_set_id(link.get(), vlan);  // REORDER_HDR is on by default
  put_new(buffer, *link, name, parent, mtu);
}

void put_new_shim(netlink::MessageBuffer& buffer, const std::string& name, int parent,
                  std::uint32_t mtu, const std::string& ipvlan) {
  if (ipvlan.empty()) {
    const auto link = own(::rtnl_link_macvlan_alloc());
    ::rtnl_link_macvlan_set_mode(link.get(), MACVLAN_MODE_BRIDGE);
    return put_new(buffer, *link, name, parent, mtu);
  }
  const auto link = own(::rtnl_link_ipvlan_alloc());
  const auto mode = std::find(kIpvlanModes.begin(), kIpvlanModes.end(), ipvlan);
  ::rtnl_link_ipvlan_set_mode(link.get(), static_cast<std::uint16_t>(mode - kIpvlanModes.begin()));
  put_new(buffer, *link, name, parent, mtu);
}

void put_ipvlan_question(netlink::MessageBuffer& buffer) {
  const auto link = own(::rtnl_link_ipvlan_alloc());
  ::rtnl_link_set_name(link.get(), "overland-asks");
  put(buffer, [&](nl_msg** message) {
    return ::rtnl_link_build_add_request(link.get(), NLM_F_CREATE | NLM_F_EXCL, message);
  });
}

void put_finish_link(netlink::MessageBuffer& buffer, int index, std::uint32_t mtu, bool up) {
  const auto link = own(::rtnl_link_alloc());
  ::rtnl_link_set_ifindex(link.get(), index);
  ::rtnl_link_set_ifalias(link.get(), std::string(model::kLinkAlias).c_str());
  ::rtnl_link_set_group(link.get(), 0);
  ::rtnl_link_set_mtu(link.get(), mtu);
  (up ? ::rtnl_link_set_flags : ::rtnl_link_unset_flags)(link.get(), IFF_UP);
  put(buffer,
      [&](nl_msg** message) { return ::rtnl_link_build_add_request(link.get(), 0, message); });
}

void put_delete_link(netlink::MessageBuffer& buffer, int index) {
  const auto link = own(::rtnl_link_alloc());
  ::rtnl_link_set_ifindex(link.get(), index);
  put(buffer,
      [&](nl_msg** message) { return ::rtnl_link_build_delete_request(link.get(), message); });
}

void put_new_address(netlink::MessageBuffer& buffer, int index,
                     const model::InterfaceAddress& address) {
  const auto object = address_object(index, address);
  put(buffer, [&](nl_msg** message) {
    return ::rtnl_addr_build_add_request(object.get(), NLM_F_CREATE | NLM_F_EXCL, message);
  });
}

void put_delete_address(netlink::MessageBuffer& buffer, int index,
                        const model::InterfaceAddress& address) {
  const auto object = address_object(index, address);
  put(buffer,
      [&](nl_msg** message) { return ::rtnl_addr_build_delete_request(object.get(), 0, message); });
}

}  // namespace overland::kernel
