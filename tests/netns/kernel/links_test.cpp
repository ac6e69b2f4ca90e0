#include "kernel/links.h"

#include <cerrno>
#include <cstdint>

#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::LinkTable;
using model::InterfaceAddress;
using model::Link;
using model::LinkFacts;
using model::our_links;
using Links = KernelSandbox;

LinkFacts fact(const std::string& name) {
  for (const LinkFacts& found : LinkTable().facts()) {
    if (found.name == name) return found;
  }
  ADD_FAILURE() << "no link " << name;
  return {};
}

Link vlan(const std::string& name, const std::string& parent, std::uint16_t id) {
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
  EXPECT_EQ(fact("mv").parent, "lan");
  EXPECT_EQ(fact("mv").vlan, 0);
}

model::Reach reach_of(const std::string& address) {
  for (const auto& one : LinkTable().neighbours()) {
    if (one.address.to_string() == address && one.link == "lan") return one.reach;
  }
  return model::Reach::kNotAsked;
}

TEST_F(Links, TellsTheNeighbours) {
  EXPECT_EQ(reach_of("10.9.0.7"), model::Reach::kNotAsked);
  sh("ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev lan nud reachable;"
     "ip neigh add 10.9.0.8 lladdr 02:00:00:00:00:08 dev lan nud stale;"
     "ip neigh add 10.9.0.9 dev lan nud failed;"
     "ip neigh add 10.9.0.6 lladdr 02:00:00:00:00:06 dev lan nud permanent;"
     "ip -6 neigh add fe80::7 lladdr 02:00:00:00:00:07 dev lan nud reachable");
  EXPECT_EQ(reach_of("10.9.0.7"), model::Reach::kReachable);
  EXPECT_EQ(reach_of("10.9.0.8"), model::Reach::kStale);
  EXPECT_EQ(reach_of("10.9.0.9"), model::Reach::kFailed);
  EXPECT_EQ(reach_of("10.9.0.6"), model::Reach::kEntered) << "it proves nothing";
  for (const auto& one : LinkTable().neighbours()) {
    EXPECT_EQ(one.address.family(), model::Family::kInet4);
  }
}

TEST_F(Links, TellsBridgesToAWireFromThoseOfContainersAndMachines) {
  sh("ip link add br-c type bridge; ip link add br-w type bridge; ip link add br-e type bridge;"
     "ip link set lan master br-c; ip tuntap add tap0 mode tap; ip link set tap0 master br-c;"
     "ip link add v0 type veth peer name v1; ip link set v0 master br-w;"
     "ip link add w0 type vxlan id 1 dstport 4789; ip link set w0 master br-w");
  EXPECT_FALSE(fact("br-c").wired);
  EXPECT_TRUE(fact("br-w").wired);
  EXPECT_FALSE(fact("br-e").wired);
  EXPECT_FALSE(fact("w0").wired);
}

TEST_F(Links, SeesACarrierGoAndAPeerInAnotherNamespace) {
  sh("ip link set peer down");
  EXPECT_TRUE(fact("lan").up);
  EXPECT_FALSE(fact("lan").carrier);
}

TEST_F(Links, OnlyKindsWeMakeAreOursWhateverTheAlias) {
  sh("ip link set lan alias overland; ip link add br0 type bridge; ip link set br0 group "
     "1870031972");
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
  EXPECT_FALSE(fact("lan").ours);
  EXPECT_FALSE(fact("br0").ours);
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

Link shim(const std::string& parent, const char* address) {
  return {"ovl-web", parent, 0, InterfaceAddress::parse(address).value(), true, true};
}

TEST_F(Links, MakesChangesAndRemovesAShim) {
  sh("ip link set lan mtu 1400; ip link add other type veth peer name peer2; ip link set other up");
  const Link first = shim("lan", "10.9.0.129/32");
  LinkTable().apply({std::nullopt, first});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{first});
  EXPECT_NE(sh("ip -d link show ovl-web").find("macvlan mode bridge"), std::string::npos);
  const Link second = shim("lan", "10.9.0.145/32");
  LinkTable().apply({first, second});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{second});
  Link elsewhere = second;
  elsewhere.parent = "other";
  LinkTable().apply({second, elsewhere});
  sh("ip link set lan name renamed");
  EXPECT_EQ(fact("ovl-web").parent, "other");
  sh("ip link set other name again");
  EXPECT_EQ(fact("ovl-web").parent, "again");
  LinkTable().apply({elsewhere, std::nullopt});
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
}

TEST_F(Links, FinishesAShimWhoseMakingWasCutShort) {
  sh("ip link add ovl-web link lan group 1870031972 type macvlan mode bridge");
  const auto found = our_links(LinkTable().facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].up);
  const Link wanted = shim("lan", "10.9.0.129/32");
  LinkTable().apply({found[0], wanted});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{wanted});
}

TEST_F(Links, LeavesAShimMadeByHandAlone) {
  sh("ip link add ovl-web link lan type macvlan mode bridge");
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
  EXPECT_EQ(refused({std::nullopt, shim("lan", "10.9.0.129/32")}).errno_value(), EEXIST);
  EXPECT_EQ(refused({std::nullopt, shim("gone", "10.9.0.129/32")}).errno_value(), EEXIST);
  sh("ip link del ovl-web");
  EXPECT_EQ(refused({std::nullopt, shim("gone", "10.9.0.129/32")}).errno_value(), ENODEV);
}

TEST_F(Links, SaysWhyAMemberOfABridgeHasNoRoomForAShim) {
  sh("ip link add br0 type bridge; ip link set br0 up; ip link set lan master br0");
  const base::Error error = refused({std::nullopt, shim("lan", "10.9.0.129/32")});
  EXPECT_EQ(error.errno_value(), EBUSY);
  EXPECT_NE(std::string(error.what()).find("member of a bridge"), std::string::npos);
  LinkTable().apply({std::nullopt, shim("br0", "10.9.0.129/32")});  // the bridge itself has
  EXPECT_EQ(our_links(LinkTable().facts()).size(), 1U);
}

/// For a kernel with 802.1Q: the router's guest of the VLAN lab runs these (tests/vlan).
using VlanLinks = Links;

TEST_F(VlanLinks, MakesChangesAndRemovesAVlan) {
  sh("ip link set lan mtu 1400");
  const Link first = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, first});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{first});
  EXPECT_EQ(fact("lan.100").parent, "lan");
  EXPECT_NE(sh("ip -d link show lan.100").find("REORDER_HDR"), std::string::npos);
  EXPECT_NE(sh("ip -d link show lan.100").find("group default"), std::string::npos);

  Link second = first;
  second.address = InterfaceAddress::parse("172.16.10.2/24").value();
  LinkTable().apply({first, second});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{second});

  Link other_id = second;
  other_id.vlan = 200;
  LinkTable().apply({second, other_id});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{other_id});
  LinkTable().apply({other_id, std::nullopt});
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
}

TEST_F(VlanLinks, MakesOneWithoutAnAddress) {
  Link bare = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, bare});
  const Link addressed = bare;
  bare.address = model::kNoAddress;
  LinkTable().apply({addressed, bare});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{bare});
  LinkTable().apply({bare, std::nullopt});
  LinkTable().apply({std::nullopt, bare});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{bare});
}

TEST_F(VlanLinks, FinishesAVlanWhoseMakingWasCutShort) {
  sh("ip link add link lan name lan.100 group 1870031972 type vlan id 100");
  const auto found = our_links(LinkTable().facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].up);
  const Link wanted = vlan("lan.100", "lan", 100);
  LinkTable().apply({found[0], wanted});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{wanted});
}

TEST_F(VlanLinks, RepairsADriftedVlan) {
  const Link wanted = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, wanted});
  sh("ip link set lan.100 down mtu 1300; ip address flush dev lan.100");
  const auto found = our_links(LinkTable().facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].mtu_follows_parent);
  LinkTable().apply({found[0], wanted});
  EXPECT_EQ(our_links(LinkTable().facts()), std::vector{wanted});
}

TEST_F(VlanLinks, KeepsAVlanThatLostOurAlias) {
  const Link made = vlan("lan.100", "lan", 100);
  LinkTable().apply({std::nullopt, made});
  sh("ip link set lan.100 alias mine");
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
  LinkTable().apply({made, std::nullopt});
  EXPECT_EQ(fact("lan.100").vlan, 100);
}

}  // namespace
}  // namespace overland::tests
