#include "kernel/links.h"

#include <cerrno>
#include <cstdint>

#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::LinkTable;
using model::InterfaceAddress;
using model::LinkFacts;
using model::our_links;
using model::VlanLink;
using Links = KernelSandbox;

LinkFacts fact(const std::string& name) {
  for (const LinkFacts& found : LinkTable().facts()) {
    if (found.name == name) return found;
  }
  ADD_FAILURE() << "no link " << name;
  return {};
}

VlanLink vlan(const std::string& name, const std::string& parent, std::uint16_t id) {
  return {name, parent, id, InterfaceAddress::parse("172.16.10.1/24").value(), true, true};
}

/// Whether this kernel can make 802.1Q links; the tests of what it does with them need that.
bool has_vlan() {
  return base::run("/sbin/ip",
                   {"link", "add", "link", "lan", "name", "probe", "type", "vlan", "id", "4094"})
                 .status == 0 &&
         base::run("/sbin/ip", {"link", "del", "probe"}).status == 0;
}

base::Error refused(const plan::LinkStep& step) {
  try {
    LinkTable().apply(step);
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {base::ErrorKind::kFailure, ""};
}

TEST_F(Links, TellsTheFactsOfAllLinksByName) {
  sh("ip address add 10.9.0.2/16 dev lan; ip link set lan mtu 1400;"
     "ip link add zz type bridge; ip link add mv link lan type macvlan");
  std::vector<std::string> names;
  for (const LinkFacts& found : LinkTable().facts()) names.push_back(found.name);
  EXPECT_EQ(names, (std::vector<std::string>{"lan", "lo", "mv", "peer", "zz"}));

  const LinkFacts lan = fact("lan");
  EXPECT_TRUE(lan.up);
  EXPECT_TRUE(lan.carrier);
  EXPECT_FALSE(lan.bridge);
  EXPECT_FALSE(lan.ours);
  EXPECT_EQ(lan.mtu, 1400U);
  ASSERT_GE(lan.addresses.size(), 2U);
  EXPECT_EQ(lan.addresses[0].to_string(), "10.9.0.1/16");
  EXPECT_EQ(lan.addresses[1].to_string(), "10.9.0.2/16");
  EXPECT_TRUE(fact("zz").bridge);
  EXPECT_FALSE(fact("zz").up);
  EXPECT_EQ(fact("mv").parent, "");
  EXPECT_EQ(fact("mv").vlan, 0);
}

TEST_F(Links, SeesACarrierGoAndAPeerInAnotherNamespace) {
  sh("ip link set peer down");
  EXPECT_TRUE(fact("lan").up);
  EXPECT_FALSE(fact("lan").carrier);
}

TEST_F(Links, OnlyVlanLinksAreOursWhateverTheAlias) {
  sh("ip link set lan alias overland; ip link add mv link lan group 1870031972 type macvlan");
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
  EXPECT_FALSE(fact("lan").ours);
  EXPECT_FALSE(fact("mv").ours);
}

TEST_F(Links, ANameThatIsNotOursIsAnErrorAndKept) {
  sh("ip link add lan.100 link lan type macvlan");
  const base::Error error = refused({std::nullopt, vlan("lan.100", "lan", 100)});
  EXPECT_EQ(error.errno_value(), EEXIST);
  EXPECT_NE(std::string(error.what()).find("lan.100"), std::string::npos);
  LinkTable().apply({vlan("lan.100", "lan", 100), std::nullopt});
  EXPECT_EQ(fact("lan.100").name, "lan.100");
}

TEST_F(Links, AMissingParentIsAnError) {
  const base::Error error = refused({std::nullopt, vlan("eth7.100", "eth7", 100)});
  EXPECT_EQ(error.errno_value(), ENODEV);
  EXPECT_NE(std::string(error.what()).find("no link eth7"), std::string::npos);
}

TEST_F(Links, RemovingWhatIsGoneIsDone) {
  LinkTable().apply({vlan("lan.100", "lan", 100), std::nullopt});
}

TEST_F(Links, NamesTheModuleWhereTheKernelHasNone) {
  if (has_vlan()) GTEST_SKIP() << "this kernel has 802.1Q";
  const base::Error error = refused({std::nullopt, vlan("lan.100", "lan", 100)});
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_NE(std::string(error.what()).find("8021q"), std::string::npos);
}

/// For a kernel with 802.1Q: the router's guest of the VLAN lab runs these (tests/vlan).
using VlanLinks = Links;

TEST_F(VlanLinks, MakesChangesAndRemovesAVlan) {
  sh("ip link set lan mtu 1400");
  const VlanLink first = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, first});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{first});
  EXPECT_EQ(fact("lan.100").parent, "lan");
  EXPECT_NE(sh("ip -d link show lan.100").find("REORDER_HDR"), std::string::npos);
  EXPECT_NE(sh("ip -d link show lan.100").find("group default"), std::string::npos);

  VlanLink second = first;
  second.address = InterfaceAddress::parse("172.16.10.2/24").value();
  LinkTable().apply({first, second});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{second});

  VlanLink other_id = second;
  other_id.vlan = 200;
  LinkTable().apply({second, other_id});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{other_id});
  LinkTable().apply({other_id, std::nullopt});
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
}

TEST_F(VlanLinks, FinishesAVlanWhoseMakingWasCutShort) {
  sh("ip link add link lan name lan.100 group 1870031972 type vlan id 100");
  const auto found = our_links(LinkTable().facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].up);
  const VlanLink wanted = vlan("lan.100", "lan", 100);
  LinkTable().apply({found[0], wanted});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{wanted});
}

TEST_F(VlanLinks, RepairsADriftedVlan) {
  const VlanLink wanted = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, wanted});
  sh("ip link set lan.100 down mtu 1300; ip address flush dev lan.100");
  const auto found = our_links(LinkTable().facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].mtu_follows_parent);
  LinkTable().apply({found[0], wanted});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{wanted});
}

TEST_F(VlanLinks, KeepsAVlanThatLostOurAlias) {
  const VlanLink made = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, made});
  sh("ip link set lan.100 alias mine");
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
  LinkTable().apply({made, std::nullopt});
  EXPECT_EQ(fact("lan.100").vlan, 100);
}

}  // namespace
}  // namespace overland::tests
