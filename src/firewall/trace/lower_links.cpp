#include "firewall/trace/lower_links.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "netlink/netlink_socket.h"

namespace overland::firewall::trace {
namespace {

constexpr int kDeepest = 4;  // a VLAN on a bridge on a bond

struct Found {
  std::string kind;
  std::uint32_t parent = 0;  // interface index; 0: none
};

std::string name_of(std::uint32_t link) {
  std::array<char, IF_NAMESIZE> name = {};
  return ::if_indextoname(link, name.data()) == nullptr ? "" : name.data();
}

Found read(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK) return {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  auto* info = nlmsg_find_attr(whole, sizeof(ifinfomsg), IFLA_LINKINFO);
  if (info == nullptr) return {};
  const auto* kind =
      nla_find(static_cast<const nlattr*>(nla_data(info)), nla_len(info), IFLA_INFO_KIND);
  return {std::string(netlink::read_text(kind)),
          netlink::read_u32(nlmsg_find_attr(whole, sizeof(ifinfomsg), IFLA_LINK))};
}

Found ask(const std::string& link) {
  Found found;
  netlink::Socket().execute(
      1,
      [&](netlink::MessageBuffer& buffer, std::size_t) {
        buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
        buffer.put_string(IFLA_IFNAME, link);
      },
      [&](std::size_t, const nlmsghdr& message) { found = read(message); });
  return found;
}

std::vector<std::string> members_of(const std::string& link) {
  std::vector<std::string> members;
  const std::uint32_t master = ::if_nametoindex(link.c_str());
  if (master == 0) return members;  // gone by now; each link without a master would be one
  netlink::Socket().dump(
      [&](netlink::MessageBuffer& buffer) {
        buffer.begin(RTM_GETLINK, 0, ifinfomsg{});
        buffer.put_u32(IFLA_MASTER, master);
      },
      [&] { members.clear(); },
      [&](const nlmsghdr& message) {
        auto* whole = const_cast<nlmsghdr*>(&message);
        // Old kernels do not choose.
        const auto of = netlink::read_u32(nlmsg_find_attr(whole, sizeof(ifinfomsg), IFLA_MASTER));
        const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(whole));
        const std::string name = name_of(static_cast<std::uint32_t>(header->ifi_index));
        if (of == master && !name.empty()) members.push_back(name);
        return true;
      });
  return members;
}

void add_beneath(const LowerLink& above, int depth, std::vector<LowerLink>& result) {
  if (depth == kDeepest) return;
  const Found found = ask(above.name);
  const std::string_view kind = found.kind;
  if (kind == "vlan" || kind == "macvlan" || kind == "ipvlan") {
    LowerLink parent = {name_of(found.parent), above.of, above.tagged || kind == "vlan", above.all};
    if (parent.name.empty()) return;  // in another namespace
    result.push_back(parent);
    add_beneath(parent, depth + 1, result);
  } else if (kind == "bond" || kind == "team" || kind == "bridge") {
    const auto members = members_of(above.name);
    for (const std::string& name : members) {
      const LowerLink member = {name, above.of, above.tagged, above.all && members.size() == 1};
      result.push_back(member);
      add_beneath(member, depth + 1, result);
    }
  }
}

}  // namespace

std::vector<LowerLink> lower_links(const std::vector<std::string>& links) {
  std::vector<LowerLink> result;
  for (const std::string& link : links) {
    if (!link.empty()) add_beneath({link, link, false, true}, 0, result);
  }
  return result;
}

}  // namespace overland::firewall::trace
