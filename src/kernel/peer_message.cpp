#include "kernel/peer_message.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "model/ownership.h"

namespace overland::kernel {
namespace {

// Of linux/neighbour.h, newer than some headers: numbers of the kernel's ABI.
constexpr int kProtocol = 12;  // NDA_PROTOCOL, Linux 5.0 tells it; older ones ignore it
constexpr int kNextHop = 13;   // NDA_NH_ID, Linux 5.8: a group of places
constexpr int kMost = 32;      // more than any kernel has

using Attributes = std::array<nlattr*, kMost + 1>;

/// nullptr where the message is none.
const ndmsg* parse(const nlmsghdr& message, Attributes& attributes) {
  auto* const whole = const_cast<nlmsghdr*>(&message);
  if (message.nlmsg_type != RTM_NEWNEIGH ||
      nlmsg_parse(whole, sizeof(ndmsg), attributes.data(), kMost, nullptr) < 0) {
    return nullptr;
  }
  return static_cast<const ndmsg*>(nlmsg_data(whole));
}

std::optional<model::Mac> read_mac(const nlattr* attribute) {
  model::Mac mac = {};
  if (attribute == nullptr || nla_len(attribute) != static_cast<int>(mac.size())) {
    return std::nullopt;
  }
  std::copy_n(static_cast<const std::uint8_t*>(nla_data(attribute)), mac.size(), mac.begin());
  return mac;
}

ndmsg header(int family, int link) {
  ndmsg result = {};
  result.ndm_family = static_cast<std::uint8_t>(family);
  result.ndm_ifindex = link;
  return result;
}

ndmsg permanent(int family, int link) {
  ndmsg result = header(family, link);
  result.ndm_state = NUD_PERMANENT;
  if (family == AF_BRIDGE) result.ndm_flags = NTF_SELF;
  return result;
}

}  // namespace

std::optional<NeighbourEntry> read_neighbour_entry(const nlmsghdr& message) {
  Attributes attributes = {};
  const ndmsg* const entry = parse(message, attributes);
  constexpr unsigned kMade = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
  if (entry == nullptr || entry->ndm_family != AF_INET || (entry->ndm_state & kMade) == 0) {
    return std::nullopt;
  }
  const auto address = netlink::read_address(attributes[NDA_DST]);
  if (!address || address->family() != model::Family::kInet4) return std::nullopt;
  const nlattr* const protocol = attributes[kProtocol];
  const bool ours = protocol != nullptr && nla_len(protocol) == 1 &&
                    *static_cast<const std::uint8_t*>(nla_data(protocol)) == model::kRouteProtocol;
  return NeighbourEntry{entry->ndm_ifindex, *address, read_mac(attributes[NDA_LLADDR]),
                        (entry->ndm_state & NUD_PERMANENT) != 0, ours};
}

std::optional<FdbEntry> read_fdb_entry(const nlmsghdr& message) {
  Attributes attributes = {};
  const ndmsg* const entry = parse(message, attributes);
  if (entry == nullptr || entry->ndm_family != AF_BRIDGE) return std::nullopt;
  const auto mac = read_mac(attributes[NDA_LLADDR]);
  // A bridge's entry for the link as its member has a bridge.
  if (!mac || attributes[NDA_MASTER] != nullptr) return std::nullopt;
  FdbEntry result;
  result.link = entry->ndm_ifindex;
  result.mac = *mac;
  const auto outer = netlink::read_address(attributes[NDA_DST]);
  if (outer && outer->family() == model::Family::kInet4) result.outer = outer;
  // The kernel tells of these where they differ from the link's (vxlan_fdb_info).
  constexpr std::array<int, 5> kOthers = {NDA_PORT, NDA_VNI, NDA_IFINDEX, NDA_SRC_VNI, kNextHop};
  result.plain = (entry->ndm_state & NUD_PERMANENT) != 0 &&
                 std::all_of(kOthers.begin(), kOthers.end(), [&](int type) {
                   return attributes.at(static_cast<std::size_t>(type)) == nullptr;
                 });
  const auto* const first = reinterpret_cast<const std::uint8_t*>(&message);
  constexpr std::size_t kBefore = NLMSG_SPACE(sizeof(ndmsg));
  result.attributes = {first + kBefore, message.nlmsg_len - kBefore};
  return result;
}

void put_neighbours_of(netlink::MessageBuffer& buffer, int link) {
  buffer.begin(RTM_GETNEIGH, 0, header(AF_INET, 0));
  buffer.put_u32(NDA_IFINDEX, static_cast<std::uint32_t>(link));
}

void put_fdb_of(netlink::MessageBuffer& buffer, int link) {
  buffer.begin(RTM_GETNEIGH, 0, header(AF_BRIDGE, link));
}

void put_neighbour_entry(netlink::MessageBuffer& buffer, int link, const model::Address& address,
                         const model::Mac& mac) {
  buffer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, permanent(AF_INET, link));
  buffer.put_address(NDA_DST, address);
  buffer.put_bytes(NDA_LLADDR, mac);
  constexpr std::array<std::uint8_t, 1> kOurs = {model::kRouteProtocol};
  buffer.put_bytes(kProtocol, kOurs);
}

void put_fdb_entry(netlink::MessageBuffer& buffer, int link, const model::Mac& mac,
                   const model::Address& outer) {
  buffer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, permanent(AF_BRIDGE, link));
  buffer.put_bytes(NDA_LLADDR, mac);
  buffer.put_address(NDA_DST, outer);
}

void put_delete_neighbour(netlink::MessageBuffer& buffer, int link, const model::Address& address) {
  buffer.begin(RTM_DELNEIGH, 0, header(AF_INET, link));
  buffer.put_address(NDA_DST, address);
}

void put_delete_fdb(netlink::MessageBuffer& buffer, int link,
                    std::span<const std::uint8_t> attributes) {
  ndmsg entry = header(AF_BRIDGE, link);
  entry.ndm_flags = NTF_SELF;
  buffer.begin(RTM_DELNEIGH, 0, entry);
  buffer.append(attributes.data(), attributes.size());
}

}  // namespace overland::kernel
