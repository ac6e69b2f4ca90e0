#include "kernel/vxlan_message.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "kernel/link_message.h"

namespace overland::kernel {
namespace {

constexpr char kKind[] = "vxlan";

// Of linux/if_link.h, newer than some headers: numbers of the kernel's ABI.
constexpr int kTtlInherit = 28;  // IFLA_VXLAN_TTL_INHERIT, Linux 4.18
constexpr int kDf = 29;          // IFLA_VXLAN_DF, Linux 4.20
constexpr int kVniFilter = 30;   // IFLA_VXLAN_VNIFILTER, Linux 5.18
constexpr int kMost = 64;        // more than any kernel has

using Attributes = std::array<nlattr*, kMost + 1>;

/// Whether it is there and has a bit.
bool is_set(const nlattr* attribute) {
  if (attribute == nullptr) return false;
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(attribute));
  return std::any_of(bytes, bytes + nla_len(attribute), [](auto byte) { return byte != 0; });
}

/// Options that a tunnel of ours has not: a lower link, a peer for all unknown addresses, learning,
/// answers of its own, tunnels told by others, extensions of the header, and what of the inner
/// packet is not copied by default.
bool has_foreign_options(const Attributes& data) {
  constexpr std::array kUnset = {
      IFLA_VXLAN_LINK,       IFLA_VXLAN_GROUP,     IFLA_VXLAN_GROUP6, IFLA_VXLAN_LEARNING,
      IFLA_VXLAN_PROXY,      IFLA_VXLAN_RSC,       IFLA_VXLAN_L2MISS, IFLA_VXLAN_L3MISS,
      IFLA_VXLAN_TTL,        IFLA_VXLAN_TOS,       IFLA_VXLAN_LIMIT,  IFLA_VXLAN_COLLECT_METADATA,
      IFLA_VXLAN_REMCSUM_TX, IFLA_VXLAN_REMCSUM_RX};
  constexpr std::array kNewer = {kTtlInherit, kDf, kVniFilter};
  const auto set = [&](int type) { return is_set(data.at(static_cast<std::size_t>(type))); };
  // Flags without a value.
  const bool extended = data[IFLA_VXLAN_GBP] != nullptr || data[IFLA_VXLAN_GPE] != nullptr;
  return extended || std::any_of(kUnset.begin(), kUnset.end(), set) ||
         std::any_of(kNewer.begin(), kNewer.end(), set) ||
         (data[IFLA_VXLAN_UDP_CSUM] != nullptr && !is_set(data[IFLA_VXLAN_UDP_CSUM]));
}

bool has_mac(const nlattr* attribute, const model::Mac& mac) {
  if (attribute == nullptr || nla_len(attribute) != static_cast<int>(mac.size())) return false;
  return std::equal(mac.begin(), mac.end(), static_cast<const std::uint8_t*>(nla_data(attribute)));
}

bool parse(Attributes& into, const nlattr* nested) {
  return nested != nullptr &&
         nla_parse_nested(into.data(), kMost, const_cast<nlattr*>(nested), nullptr) >= 0;
}

}  // namespace

std::optional<model::Vxlan> read_vxlan(const nlmsghdr& message) {
  Attributes link = {};
  Attributes info = {};
  Attributes data = {};
  auto* const whole = const_cast<nlmsghdr*>(&message);
  if (message.nlmsg_type != RTM_NEWLINK ||
      nlmsg_parse(whole, sizeof(ifinfomsg), link.data(), kMost, nullptr) < 0 ||
      !parse(info, link[IFLA_LINKINFO]) || netlink::read_text(info[IFLA_INFO_KIND]) != kKind ||
      !parse(data, info[IFLA_INFO_DATA])) {
    return std::nullopt;
  }
  model::Vxlan tunnel;
  tunnel.vni = netlink::read_u32(data[IFLA_VXLAN_ID]);
  tunnel.port = ntohs(netlink::read_u16(data[IFLA_VXLAN_PORT]));
  const auto local = netlink::read_address(data[IFLA_VXLAN_LOCAL]);
  if (local && local->family() == model::Family::kInet4) tunnel.local = *local;
  tunnel.mtu = netlink::read_u32(link[IFLA_MTU]);
  tunnel.as_we_make_it = !has_foreign_options(data) && !is_set(link[IFLA_MASTER]) &&
                         has_mac(link[IFLA_ADDRESS], model::tunnel_mac(tunnel.local));
  return tunnel;
}

void put_new_vxlan(netlink::MessageBuffer& buffer, const std::string& name,
                   const model::Vxlan& tunnel) {
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  buffer.put_string(IFLA_IFNAME, name);
  buffer.put_bytes(IFLA_ADDRESS, model::tunnel_mac(tunnel.local));
  buffer.put_u32(IFLA_MTU, tunnel.mtu);
  buffer.put_u32(IFLA_GROUP, kUnfinishedGroup);
  const std::size_t info = buffer.open(IFLA_LINKINFO);
  buffer.put_string(IFLA_INFO_KIND, kKind);
  const std::size_t data = buffer.open(IFLA_INFO_DATA);
  buffer.put_u32(IFLA_VXLAN_ID, tunnel.vni);
  buffer.put_u16(IFLA_VXLAN_PORT, htons(tunnel.port));
  buffer.put_address(IFLA_VXLAN_LOCAL, tunnel.local);
  constexpr std::array<std::uint8_t, 1> kOff = {0};
  constexpr std::array<std::uint8_t, 1> kOn = {1};
  buffer.put_bytes(IFLA_VXLAN_LEARNING, kOff);
  buffer.put_bytes(IFLA_VXLAN_UDP_CSUM, kOn);  // off by default before Linux 4.5
  buffer.close(data);
  buffer.close(info);
}

void put_vxlan_question(netlink::MessageBuffer& buffer) {
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  buffer.put_string(IFLA_IFNAME, "overland-asks");
  const std::size_t info = buffer.open(IFLA_LINKINFO);
  buffer.put_string(IFLA_INFO_KIND, kKind);
  buffer.close(info);
}

}  // namespace overland::kernel
