#include "model/link.h"

#include <gtest/gtest.h>

#include "unit/states.h"

namespace overland::model {
namespace {

using namespace tests;

LinkFacts ours(const char* name, std::initializer_list<const char*> addresses) {
  LinkFacts facts = link(name, addresses);
  facts.vlan = 100;
  facts.parent = "eth1";
  facts.ours = true;
  return facts;
}

TEST(OurLinks, AreThoseWithOurMark) {
  auto foreign = ours("eth1.100", {"10.0.0.1/24"});
  foreign.ours = false;
  EXPECT_TRUE(our_links({link("eth1", {}), foreign}).empty());
  EXPECT_EQ(our_links({link("eth1", {}), ours("eth1.100", {"fe80::1/64", "10.0.0.1/24"})}),
            std::vector{vlan("eth1", 100, "10.0.0.1/24")});
}

TEST(OurLinks, AnUnfinishedOneIsThereWithoutAddress) {
  const auto found = our_links({link("eth1", {}), ours("eth1.100", {"fe80::1/64"})});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address, InterfaceAddress());
}

TEST(OurLinks, TheMtuIsComparedWithTheParents) {
  auto parent = link("eth1", {});
  parent.mtu = 9000;
  EXPECT_FALSE(our_links({parent, ours("eth1.100", {})})[0].mtu_follows_parent);
  EXPECT_FALSE(our_links({ours("eth1.100", {})})[0].mtu_follows_parent) << "no parent here";
  EXPECT_TRUE(our_links({link("eth1", {}), ours("eth1.100", {})})[0].mtu_follows_parent);
}

TEST(OurLinks, ATunnelHasNoParentToFollow) {
  LinkFacts facts = link("vxlan.ovl", {"192.168.100.1/32"});
  facts.ours = true;
  facts.mtu = 1450;
  facts.vxlan = tunnel().vxlan;
  EXPECT_EQ(our_links({facts}), std::vector{tunnel()});
}

TEST(OurLinks, ATunnelWithASecondAddressIsNotAsWeMakeIt) {
  LinkFacts facts = link("vxlan.ovl", {"192.168.100.1/32", "10.2.0.1/16"});
  facts.ours = true;
  facts.vxlan = tunnel().vxlan;
  EXPECT_FALSE(our_links({facts})[0].vxlan->as_we_make_it);
  facts.addresses = {iface("192.168.100.1/32"), iface("fe80::1/64")};
  EXPECT_TRUE(our_links({facts})[0].vxlan->as_we_make_it);
}

TEST(TunnelMac, IsTheOuterAddressOnEveryHost) {
  EXPECT_EQ(tunnel_mac(addr("10.1.0.11")), (Mac{0x02, 0x6f, 10, 1, 0, 11}));
}

}  // namespace
}  // namespace overland::model
