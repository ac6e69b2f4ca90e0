#pragma once
// Links, their addresses and neighbours as rtnetlink messages, read and written by libnl-route-3's
// objects: what RTM_NEWLINK, RTM_NEWADDR and RTM_NEWNEIGH say, and what a VLAN link and a shim
// need. Only for this folder: it shows kernel types.

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>

#include "model/address.h"
#include "model/link.h"
#include "netlink/netlink_message.h"

namespace overland::kernel {

/// IFLA_GROUP of a link of ours from its creation until its alias is set: the kernel takes a group
/// in the creation message, but no alias. Without it a link whose making was cut short would be
/// nobody's. A number of our own choice; 0 is the kernel's default group.
inline constexpr std::uint32_t kUnfinishedGroup = 0x6f766c64;  // "ovld"

struct LinkMessage {
  int index = 0;
  std::string name;
  std::string alias;
  std::string kind;       // "vlan", "bridge", "veth", …; empty for hardware
  unsigned flags = 0;     // IFF_UP and so on, of netdevice(7)
  std::uint32_t mtu = 0;  // bytes
  std::uint32_t group = 0;
  std::uint16_t vlan = 0;                  // 802.1Q id where kind is "vlan"
  std::string ipvlan;                      // its mode where kind is "ipvlan": "l2", "l3", "l3s"
  std::optional<model::Vxlan> vxlan = {};  // where kind is "vxlan"
  bool own_mac = false;  // of a tunnel: its Ethernet address is as overland makes it
  int parent = 0;        // interface index; 0: none, or in another network namespace
  int master = 0;        // interface index of the bridge or bond it is a member of; 0: none

  /// A VLAN link, macvlan, ipvlan or VXLAN link that carries our alias, or that we did not finish.
  [[nodiscard]] bool marked() const;
};

struct AddressMessage {
  int link = 0;  // interface index
  model::InterfaceAddress address;
};

struct NeighbourMessage {
  int link = 0;  // interface index
  model::Address address;
  model::Reach reach = model::Reach::kNotAsked;
};

/// nullopt where the message is no link, or cannot be understood.
std::optional<LinkMessage> read_link(const nlmsghdr& message);
/// nullopt where the message is no address of IPv4 or IPv6, or cannot be understood.
std::optional<AddressMessage> read_link_address(const nlmsghdr& message);

/// nullopt where the message is no neighbour of IPv4 with a state, or cannot be understood.
std::optional<NeighbourMessage> read_neighbour(const nlmsghdr& message);

void put_link_dump(netlink::MessageBuffer& buffer);
/// Asks for this link alone.
void put_link_question(netlink::MessageBuffer& buffer, int index);
/// Of both families; IPv4 first.
void put_address_dump(netlink::MessageBuffer& buffer);
/// Of IPv4.
void put_neighbour_dump(netlink::MessageBuffer& buffer);
/// `parent` is an interface index. The link is down and belongs to kUnfinishedGroup.
void put_new_vlan(netlink::MessageBuffer& buffer, const std::string& name, int parent,
                  std::uint16_t vlan, std::uint32_t mtu);
/// An ipvlan of that mode ("l2", "l3", "l3s"), or where it is empty a macvlan of mode bridge;
/// likewise.
void put_new_shim(netlink::MessageBuffer& buffer, const std::string& name, int parent,
                  std::uint32_t mtu, const std::string& ipvlan);
/// Asks for an ipvlan without a parent, which a kernel that knows the kind refuses with EINVAL
/// (ipvlan_link_new of drivers/net/ipvlan), any other with EOPNOTSUPP: nothing is ever made.
void put_ipvlan_question(netlink::MessageBuffer& buffer);
/// Gives the link our alias and this MTU, takes it out of kUnfinishedGroup and sets it up or down.
void put_finish_link(netlink::MessageBuffer& buffer, int index, std::uint32_t mtu, bool up);
void put_delete_link(netlink::MessageBuffer& buffer, int index);
void put_new_address(netlink::MessageBuffer& buffer, int index,
                     const model::InterfaceAddress& address);
void put_delete_address(netlink::MessageBuffer& buffer, int index,
                        const model::InterfaceAddress& address);

}  // namespace overland::kernel
