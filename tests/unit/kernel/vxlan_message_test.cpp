#include "kernel/vxlan_message.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>

#include "kernel/link_message.h"
#include "unit/kernel/canned.h"
#include "unit/states.h"

namespace overland::tests {
namespace {

using Byte = std::array<std::uint8_t, 1>;

Canned made(const model::Vxlan& tunnel) {
  return Canned(
      [&](netlink::MessageBuffer& buffer) { kernel::put_new_vxlan(buffer, "vxlan.ovl", tunnel); });
}

/// As the kernel tells of ours, with one more attribute among its options.
Canned with(int type, std::span<const std::uint8_t> value) {
  return Canned([&](netlink::MessageBuffer& buffer) {
    const model::Vxlan tunnel = *tests::tunnel().vxlan;
    buffer.begin(RTM_NEWLINK, 0, ifinfomsg{});
    buffer.put_string(IFLA_IFNAME, "vxlan.ovl");
    buffer.put_bytes(IFLA_ADDRESS, model::tunnel_mac(tunnel.local));
    buffer.put_u32(IFLA_MTU, tunnel.mtu);
    const auto info = buffer.open(IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_KIND, "vxlan");
    const auto data = buffer.open(IFLA_INFO_DATA);
    buffer.put_u32(IFLA_VXLAN_ID, tunnel.vni);
    const std::array<std::uint8_t, 2> port = {0x12, 0xb5};  // 4789
    buffer.put_bytes(IFLA_VXLAN_PORT, port);
    buffer.put_address(IFLA_VXLAN_LOCAL, tunnel.local);
    buffer.put_bytes(type, value);
    buffer.close(data);
    buffer.close(info);
  });
}

TEST(VxlanMessage, WhatIsWrittenIsRead) {
  const Canned canned = made(*tunnel().vxlan);
  EXPECT_EQ(kernel::read_vxlan(canned.message()), tunnel().vxlan);
  const auto link = kernel::read_link(canned.message());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->vxlan, tunnel().vxlan);
  EXPECT_TRUE(link->marked());
  EXPECT_EQ(canned.message().nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
}

TEST(VxlanMessage, OptionsOfOthersAreToldFromOurs) {
  EXPECT_TRUE(kernel::read_vxlan(with(IFLA_VXLAN_LEARNING, Byte{0}).message())->as_we_make_it);
  EXPECT_TRUE(kernel::read_vxlan(with(IFLA_VXLAN_AGEING, Byte{9}).message())->as_we_make_it);
  for (const int type : {int{IFLA_VXLAN_LEARNING}, int{IFLA_VXLAN_GROUP}, int{IFLA_VXLAN_LINK},
                         int{IFLA_VXLAN_PROXY}, int{IFLA_VXLAN_TTL}, int{IFLA_VXLAN_TOS},
                         int{IFLA_VXLAN_COLLECT_METADATA}, 28, 29, 30}) {
    EXPECT_FALSE(kernel::read_vxlan(with(type, Byte{1}).message())->as_we_make_it) << type;
    EXPECT_TRUE(kernel::read_vxlan(with(type, Byte{0}).message())->as_we_make_it) << type;
  }
  EXPECT_FALSE(kernel::read_vxlan(with(IFLA_VXLAN_GBP, {}).message())->as_we_make_it);
  EXPECT_FALSE(kernel::read_vxlan(with(IFLA_VXLAN_UDP_CSUM, Byte{0}).message())->as_we_make_it);
}

TEST(VxlanMessage, AnotherEthernetAddressIsNotOurs) {
  model::Vxlan other = *tunnel().vxlan;
  other.local = addr("10.0.0.9");
  Canned canned([&](netlink::MessageBuffer& buffer) {
    kernel::put_new_vxlan(buffer, "vxlan.ovl", *tunnel().vxlan);
    buffer.put_bytes(IFLA_ADDRESS, model::tunnel_mac(other.local));  // the last one counts
  });
  EXPECT_FALSE(kernel::read_vxlan(canned.message())->as_we_make_it);
}

TEST(VxlanMessage, OtherKindsAndCutMessagesAreNone) {
  const Canned vlan(
      [](netlink::MessageBuffer& buffer) { kernel::put_new_vlan(buffer, "eth0.7", 4, 7, 1500); });
  EXPECT_FALSE(kernel::read_vxlan(vlan.message()));
  const Canned whole = made(*tunnel().vxlan);
  for (std::uint32_t length = sizeof(nlmsghdr); length < whole.message().nlmsg_len; ++length) {
    kernel::read_vxlan(whole.cut(length).message());  // reads nothing past the end
  }
  EXPECT_FALSE(kernel::read_vxlan(whole.cut(20).message()));
}

}  // namespace
}  // namespace overland::tests
