#include "kernel/link_message.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "unit/kernel/canned.h"

namespace overland::tests {
namespace {

using netlink::MessageBuffer;

struct Options {
  std::string kind = "vlan";
  std::string alias;
  std::uint32_t group = 0;
  bool other_namespace = false;
};

Canned link(const Options& options) {
  return Canned([&](netlink::MessageBuffer& buffer) {
    ifinfomsg header = {};
    header.ifi_index = 7;
    header.ifi_flags = IFF_UP;
    buffer.begin(RTM_NEWLINK, 0, header);
    buffer.put_string(IFLA_IFNAME, "eth0.100");
    buffer.put_u32(IFLA_MTU, 1500);
    buffer.put_u32(IFLA_LINK, 2);
    buffer.put_u32(IFLA_GROUP, options.group);
    if (options.other_namespace) buffer.put_u32(IFLA_LINK_NETNSID, 0);
    if (!options.alias.empty()) buffer.put_string(IFLA_IFALIAS, options.alias);
    const std::size_t info = buffer.open(IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_KIND, options.kind);
    const std::size_t data = buffer.open(IFLA_INFO_DATA);
    if (options.kind == "vlan") buffer.put_u16(IFLA_VLAN_ID, 100);
    if (options.kind == "macvlan") buffer.put_u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
    buffer.close(data);
    buffer.close(info);
  });
}

Canned neighbour(std::uint16_t state, const char* address, std::uint16_t type = RTM_NEWNEIGH) {
  return Canned([&](MessageBuffer& buffer) {
    const auto parsed = *model::Address::parse(address);
    ndmsg header = {};
    header.ndm_family = static_cast<std::uint8_t>(parsed.family());
    header.ndm_ifindex = 7;
    header.ndm_state = state;
    buffer.begin(type, 0, header);
    buffer.put_address(NDA_DST, parsed);
  });
}

std::optional<model::Reach> reach(std::uint16_t state) {
  const auto read = kernel::read_neighbour(neighbour(state, "10.0.0.7").message());
  return read ? std::optional(read->reach) : std::nullopt;
}

TEST(ReadNeighbour, TellsHowFarTheKernelGot) {
  const auto read = kernel::read_neighbour(neighbour(NUD_FAILED, "10.0.0.7").message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->link, 7);
  EXPECT_EQ(read->address.to_string(), "10.0.0.7");
  EXPECT_EQ(read->reach, model::Reach::kFailed);
  EXPECT_EQ(reach(NUD_REACHABLE), model::Reach::kReachable);
  EXPECT_EQ(reach(NUD_PERMANENT), model::Reach::kEntered);
  EXPECT_EQ(reach(NUD_STALE), model::Reach::kStale);
  EXPECT_EQ(reach(NUD_PROBE), model::Reach::kStale) << "it answered once";
  EXPECT_EQ(reach(NUD_INCOMPLETE), model::Reach::kIncomplete);
  EXPECT_EQ(reach(NUD_NONE), std::nullopt);
}

TEST(ReadNeighbour, LeavesOtherThingsOut) {
  EXPECT_FALSE(kernel::read_neighbour(neighbour(NUD_REACHABLE, "fe80::1").message()));
  EXPECT_FALSE(kernel::read_neighbour(neighbour(NUD_REACHABLE, "10.0.0.7", RTM_NEWLINK).message()));
  const auto whole = neighbour(NUD_REACHABLE, "10.0.0.7");
  EXPECT_FALSE(kernel::read_neighbour(whole.cut(sizeof(nlmsghdr) + sizeof(ndmsg)).message()));
}

TEST(ReadLink, ReadsAVlan) {
  const auto read = kernel::read_link(link({"vlan", "overland"}).message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->index, 7);
  EXPECT_EQ(read->name, "eth0.100");
  EXPECT_EQ(read->kind, "vlan");
  EXPECT_EQ(read->vlan, 100);
  EXPECT_EQ(read->parent, 2);
  EXPECT_EQ(read->mtu, 1500U);
  EXPECT_EQ(read->flags & IFF_UP, unsigned{IFF_UP});
  EXPECT_TRUE(read->marked());
}

// What `ip link add link eth0 name v type vlan id 100` of iproute2 6.1 sends, turned into the
// kernel's answer: bytes of another writer than ours.
TEST(ReadLink, ReadsBytesOfAnotherWriter) {
  constexpr std::array<std::uint8_t, 80> kBytes = {
      0x50, 0, 0,  0, 0x10, 0,   0,   0,   0,   0,    0, 0, 0, 0, 0, 0,  // nlmsghdr: RTM_NEWLINK
      0,    0, 1,  0, 9,    0,   0,   0,   2,   0x10, 0, 0, 0, 0, 0, 0,  // ifinfomsg: index 9
      8,    0, 5,  0, 2,    0,   0,   0,                                 // IFLA_LINK 2
      6,    0, 3,  0, 'v',  0,   0,   0,                                 // IFLA_IFNAME
      28,   0, 18, 0,                                                    // IFLA_LINKINFO
      9,    0, 1,  0, 'v',  'l', 'a', 'n', 0,   0,    0, 0,              // IFLA_INFO_KIND
      12,   0, 2,  0, 6,    0,   1,   0,   100, 0,    0, 0,              // IFLA_INFO_DATA, VLAN_ID
      4,    0, 99, 0};                                                   // unknown
  const auto read = kernel::read_link(Canned(kBytes).message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "v");
  EXPECT_EQ(read->vlan, 100);
  EXPECT_EQ(read->parent, 2);
  EXPECT_FALSE(read->marked());
}

TEST(ReadLink, OwnershipNeedsAKindOfOursAndOurMark) {
  EXPECT_FALSE(kernel::read_link(link({"vlan", ""}).message())->marked());
  EXPECT_FALSE(kernel::read_link(link({"vlan", "uplink"}).message())->marked());
  EXPECT_TRUE(kernel::read_link(link({"macvlan", "overland"}).message())->marked());
  EXPECT_FALSE(kernel::read_link(link({"macvtap", "overland"}).message())->marked());
  EXPECT_TRUE(kernel::read_link(link({"vlan", "", kernel::kUnfinishedGroup}).message())->marked());
  EXPECT_FALSE(
      kernel::read_link(link({"vlan", "mine", kernel::kUnfinishedGroup}).message())->marked());
}

TEST(ReadLink, DataOfOtherKindsIsNoVlanId) {
  EXPECT_EQ(kernel::read_link(link({"macvlan", ""}).message())->vlan, 0);
}

TEST(ReadLink, AParentInAnotherNamespaceIsUnknown) {
  EXPECT_EQ(kernel::read_link(link({"vlan", "", 0, true}).message())->parent, 0);
}

TEST(ReadLink, SurvivesEveryTruncation) {
  const Canned whole = link({"vlan", "overland"});
  for (std::uint32_t length = NLMSG_HDRLEN; length < whole.message().nlmsg_len; ++length) {
    kernel::read_link(whole.cut(length).message());
  }
  EXPECT_FALSE(kernel::read_link(whole.cut(NLMSG_HDRLEN).message()));
}

TEST(ReadLinkAddress, TakesTheLocalEndOfAPointToPointLink) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    ifaddrmsg header = {};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = 32;
    header.ifa_index = 3;
    buffer.begin(RTM_NEWADDR, 0, header);
    buffer.put_address(IFA_ADDRESS, model::Address::from_ipv4(0x0a000002));
    buffer.put_address(IFA_LOCAL, model::Address::from_ipv4(0x0a000001));
  });
  const auto read = kernel::read_link_address(canned.message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->link, 3);
  EXPECT_EQ(read->address.to_string(), "10.0.0.1/32");
}

TEST(ReadLinkAddress, ReadsIpv6WithoutALocalEnd) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    ifaddrmsg header = {};
    header.ifa_family = AF_INET6;
    header.ifa_prefixlen = 64;
    buffer.begin(RTM_NEWADDR, 0, header);
    buffer.put_address(IFA_ADDRESS, model::Address::parse("fe80::1").value());
  });
  EXPECT_EQ(kernel::read_link_address(canned.message())->address.to_string(), "fe80::1/64");
}

TEST(PutNewVlan, SendsTheMarkWithTheCreation) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    kernel::put_new_vlan(buffer, "eth0.200", 4, 200, 9000);
  });
  const auto read = kernel::read_link(canned.message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "eth0.200");
  EXPECT_EQ(read->vlan, 200);
  EXPECT_EQ(read->parent, 4);
  EXPECT_EQ(read->mtu, 9000U);
  EXPECT_TRUE(read->marked());
  EXPECT_EQ(canned.message().nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
}

}  // namespace
}  // namespace overland::tests
