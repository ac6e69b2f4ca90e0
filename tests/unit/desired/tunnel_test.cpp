// What hosts of two sites shall have: links, neighbours, routes, and whom they believe.

#include "desired/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desired/derive.h"
#include "desired/firewall.h"
#include "desired/fit.h"
#include "desired/routes.h"
#include "desired/third_party.h"
#include "unit/desired/campus.h"
#include "unit/desired/two_sites.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const model::Ingress* on(const model::FirewallPolicy& policy, const char* link) {
  for (const auto& one : policy.ingress) {
    if (one.link == link) return &one;
  }
  return nullptr;
}

model::Route tunnelled(const char* destination, const char* outer) {
  auto result = route(destination, {outer});
  result.link = std::string("vxlan.ovl");
  return result;
}

TEST(TunnelLink, HasTheBipAndNoLowerLink) {
  const auto inventory = load(two_sites());
  const auto state = desired::derive(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  ASSERT_EQ(state.links.size(), 1U);
  model::Link wanted;
  wanted.name = "vxlan.ovl";
  wanted.address = iface("192.168.11.1/32");
  wanted.vxlan = model::Vxlan{111, 4789, addr("10.1.0.11"), 1450};
  EXPECT_EQ(state.links[0], wanted);
}

TEST(TunnelLink, ItsMtuFollowsTheLinkAndTheInventory) {
  struct Case {
    std::uint32_t link;
    const char* mtu;
    std::uint32_t wanted;
  };
  for (const auto& [link, mtu, wanted] :
       {Case{1500, "", 1450}, Case{9000, "", 8950}, Case{1400, "", 1350},
        Case{1500, "mtu = 1400", 1350}, Case{576, "", 526}, Case{65536, "", 65485}}) {
    const auto inventory = load(two_sites(mtu));
    auto facts = machine_at("10.1.0.11/24");
    facts.links[0].mtu = link;
    const auto end = desired::tunnel_end(inventory, inventory.hosts[0], facts);
    ASSERT_TRUE(end.link);
    EXPECT_EQ(end.link->vxlan->mtu, wanted);
    EXPECT_THAT(end.findings, IsEmpty());
  }
}

TEST(TunnelLink, AnMtuAboveThatOfTheLinkIsToldAndTheSmallerCounts) {
  const auto inventory = load(two_sites("mtu = 9000"));
  const auto end = desired::tunnel_end(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  ASSERT_TRUE(end.link);
  EXPECT_EQ(end.link->vxlan->mtu, 1450U);
  ASSERT_EQ(end.findings.size(), 1U);
  EXPECT_EQ(end.findings[0].severity, model::Severity::kMisfit);
  EXPECT_THAT(end.findings[0].message, HasSubstr("mtu = 9000"));
  EXPECT_THAT(end.findings[0].remedy, HasSubstr("eth0"));
}

TEST(TunnelLink, ALinkOfTooSmallPacketsCarriesNone) {
  const auto inventory = load(two_sites());
  auto facts = machine_at("10.1.0.11/24");
  facts.links[0].mtu = 575;
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_THAT(state.links, IsEmpty());
  EXPECT_THAT(state.neighbours, IsEmpty());
  EXPECT_THAT(desired::fit(inventory, inventory.hosts[0], facts, state).findings,
              ElementsAre(testing::Field(&model::Finding::message, HasSubstr("575"))));
}

TEST(TunnelLink, StaysAsItIsWhileItsLinkIsTooSmall) {
  const auto inventory = load(two_sites());
  auto facts = machine_at("10.1.0.11/24");
  facts.links[0].mtu = 575;
  model::LinkFacts ours = link("vxlan.ovl", {"192.168.11.1/32"});
  ours.ours = true;
  ours.vxlan = model::Vxlan{111, 4789, addr("10.1.0.11"), 1450};
  facts.links.push_back(ours);
  const auto end = desired::tunnel_end(inventory, inventory.hosts[0], facts);
  ASSERT_TRUE(end.link);
  EXPECT_EQ(end.link->vxlan->mtu, 1450U);
  ASSERT_EQ(end.findings.size(), 1U);
  EXPECT_THAT(end.findings[0].sentence(), HasSubstr("it stays as it was"));
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_FALSE(state.neighbours.empty()) << "it goes on";
}

TEST(TunnelLink, AnAddressOfTheLoopbackSaysNothingOfTheWire) {
  const auto inventory = load(two_sites());
  auto facts = machine_at("10.1.0.11/32");
  facts.links[0].name = "lo";
  facts.links[0].mtu = 65536;
  EXPECT_EQ(desired::tunnel_end(inventory, inventory.hosts[0], facts).link->vxlan->mtu, 1450U);
}

TEST(TunnelLink, WithoutItsAddressOnALinkThereIsNoTunnel) {
  const auto inventory = load(two_sites());
  const auto facts = machine_at("10.1.0.99/24");
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_THAT(state.links, IsEmpty());
  EXPECT_THAT(state.neighbours, IsEmpty());
  for (const auto& one : state.routes) EXPECT_FALSE(one.link) << one.destination.to_string();
  EXPECT_TRUE(state.firewall->tunnel);  // nothing comes through in between
  const auto findings = desired::fit(inventory, inventory.hosts[0], facts, state).findings;
  EXPECT_THAT(findings, testing::Contains(testing::Field(&model::Finding::message,
                                                         HasSubstr("it has no tunnel until"))));
}

TEST(TunnelLink, StaysAsItIsWhileItsAddressMoves) {
  const auto inventory = load(two_sites());
  auto facts = machine_at("10.1.0.99/24");
  model::LinkFacts ours = link("vxlan.ovl", {"192.168.11.1/32"});
  ours.ours = true;
  ours.vxlan = model::Vxlan{111, 4789, addr("10.1.0.11"), 1350};
  facts.links.push_back(ours);
  const auto end = desired::tunnel_end(inventory, inventory.hosts[0], facts);
  ASSERT_TRUE(end.link);
  EXPECT_EQ(end.link->vxlan->mtu, 1350U);
  EXPECT_EQ(end.findings.size(), 1U);
  facts.links.back().vxlan->local = addr("10.1.0.5");  // the inventory says another one now
  EXPECT_FALSE(desired::tunnel_end(inventory, inventory.hosts[0], facts).link);
}

TEST(TunnelLink, EndsAtTheAddressOfALinkYetToBeMade) {
  auto text = two_sites();
  text.replace(text.find("subnet = \"10.1.0.0/24\""), 0, "vlan = 7\n");
  text.replace(text.find("bip = \"192.168.11.1/24\""), 0, "parent = \"eth1\"\n");
  const auto inventory = load(text);
  model::HostFacts facts;
  facts.links = {link("eth1", {})};
  facts.links[0].mtu = 1400;
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  ASSERT_EQ(state.links.size(), 2U);
  EXPECT_EQ(state.links[0].name, "eth1.7");
  EXPECT_EQ(state.links[1].vxlan->mtu, 1350U);
}

TEST(TunnelRoutes, LeadOverTheLinkToThePeersAddress) {
  const auto inventory = load(two_sites());
  const auto state = desired::derive(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  std::vector<model::Route> unicast;
  for (const auto& one : state.routes) {
    if (one.kind == model::RouteKind::kUnicast) unicast.push_back(one);
  }
  EXPECT_THAT(unicast, ElementsAre(route("192.168.12.0/24", {"10.1.0.12"}),
                                   tunnelled("192.168.21.0/24", "10.2.0.11"),
                                   tunnelled("192.168.22.0/24", "10.2.0.12")));
  EXPECT_THAT(state.neighbours,
              ElementsAre(model::Neighbour{addr("10.2.0.11"), addr("10.2.0.11")},
                          model::Neighbour{addr("10.2.0.12"), addr("10.2.0.12")}));
  EXPECT_THAT(desired::off_link(state, machine_at("10.1.0.11/24")), IsEmpty());
}

TEST(TunnelRoutes, NetworksAndOldBipsGoTheSameWay) {
  auto text = two_sites() +
              "[[network]]\nname = \"web\"\ndriver = \"bridge\"\n"
              "subnets = { n1 = \"10.7.1.0/24\", s1 = \"10.7.2.0/24\" }\n";
  text.replace(text.find("bip = \"192.168.21.1/24\""), 0, "previous_bip = \"172.20.0.1/24\"\n");
  const auto inventory = load(text);
  const auto found = desired::routes(inventory, inventory.hosts[0]);
  for (const char* subnet : {"10.7.2.0/24", "172.20.0.0/24", "192.168.21.0/24"}) {
    EXPECT_THAT(found, testing::Contains(tunnelled(subnet, "10.2.0.11")));
  }
}

TEST(TunnelRoutes, AreExportedWithTheirLink) {
  const auto inventory = load(two_sites());
  const auto exported = desired::routes_for_host(inventory, inventory.hosts[0]);
  ASSERT_EQ(exported.routes.size(), 3U);
  EXPECT_EQ(exported.routes[0].link, "");
  EXPECT_EQ(exported.routes[1].link, "vxlan.ovl");
  EXPECT_THAT(exported.unreached, IsEmpty());
  // A machine that overland does not run on has no tunnel.
  EXPECT_THAT(desired::routes_for_gateway(inventory, {0}).unreached, ElementsAre("s1", "s2"));
}

TEST(TunnelPolicy, BelievesEachSenderItsOwnContainers) {
  const auto inventory = load(two_sites());
  const auto policy = *desired::firewall(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  model::Tunnel wanted;
  wanted.link = "vxlan.ovl";
  wanted.vni = 111;
  wanted.port = 4789;
  wanted.senders = {{addr("10.2.0.11"), {net("192.168.21.0/24")}},
                    {addr("10.2.0.12"), {net("192.168.22.0/24")}}};
  EXPECT_EQ(policy.tunnel, wanted);
}

TEST(TunnelPolicy, BelievesALinkOnlyThoseWhoComeByIt) {
  const auto inventory = load(two_sites());
  const auto policy = *desired::firewall(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  const auto* wire = on(policy, "eth0");
  const auto* tunnel = on(policy, "vxlan.ovl");
  ASSERT_TRUE(wire && tunnel);
  EXPECT_THAT(*wire->subnets, ElementsAre(net("192.168.12.0/24")));
  EXPECT_THAT(*tunnel->subnets, ElementsAre(net("192.168.21.0/24"), net("192.168.22.0/24")));
  EXPECT_FALSE(wire->hosts);  // all there are: n2
  EXPECT_THAT(*tunnel->hosts, IsEmpty());
  EXPECT_THAT(policy.peer_hosts, ElementsAre(net("10.1.0.12/32")));
  ASSERT_TRUE(policy.others);  // a container may not send as any of them
  EXPECT_THAT(*policy.others,
              ElementsAre(net("10.1.0.12/32"), net("10.2.0.11/32"), net("10.2.0.12/32")));
}

TEST(TunnelPolicy, ASegmentTrustedAsAWholeIsSoAtItsOwnSiteOnly) {
  auto text = two_sites();
  text.replace(text.find("subnet = \"10.2.0.0/24\""), 0, "trust = \"subnet\"\n");
  const auto inventory = load(text);
  const auto north = *desired::firewall(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  EXPECT_THAT(north.peer_hosts, ElementsAre(net("10.1.0.12/32")));
  const auto south = *desired::firewall(inventory, inventory.hosts[2], machine_at("10.2.0.11/24"));
  EXPECT_THAT(south.peer_hosts, ElementsAre(net("10.2.0.0/24")));
}

TEST(TunnelPolicy, WhatComesByTunnelARouterPassesNoFurther) {
  auto text = two_sites();
  text.replace(text.find("address = \"10.1.0.12\""), 21,
               "router = true\naddress = [\"10.1.0.12\", \"10.3.0.1\"]");
  text += "[[segment]]\nname = \"lab\"\nsubnet = \"10.3.0.0/24\"\n";
  const auto inventory = load(text);
  auto facts = machine_at("10.1.0.12/24");
  facts.links.push_back(link("eth1", {"10.3.0.1/24"}));
  const auto policy = *desired::firewall(inventory, inventory.hosts[1], facts);
  ASSERT_TRUE(on(policy, "vxlan.ovl"));
  EXPECT_THAT(on(policy, "vxlan.ovl")->transit, testing::Optional(IsEmpty()));
}

TEST(TunnelPolicy, ClosedNetworksReachTheirNamesakesByIt) {
  const auto inventory =
      load(two_sites() +
           "[[network]]\nname = \"db\"\ndriver = \"bridge\"\nreach = \"network\"\n"
           "subnets = { n1 = \"10.7.1.0/24\", s1 = \"10.7.2.0/24\" }\n");
  const auto policy = *desired::firewall(inventory, inventory.hosts[0], machine_at("10.1.0.11/24"));
  EXPECT_FALSE(on(policy, "vxlan.ovl")->closed);  // all there are
  EXPECT_THAT(on(policy, "eth0")->closed, testing::Optional(IsEmpty()));
  EXPECT_THAT(policy.tunnel->senders[0].inner,
              ElementsAre(net("10.7.2.0/24"), net("192.168.21.0/24")));
}

TEST(TunnelPolicy, WithoutTunnelsNothingChanges) {
  auto text = std::string(kTwoHosts);
  const auto plain = load(text);
  text.replace(text.find("version = 1"), 11, "version = 1\n[tunnel]\ntype = \"vxlan\"");
  const auto with = load(text);
  EXPECT_EQ(desired::derive(plain, plain.hosts[0], running_docker()),
            desired::derive(with, with.hosts[0], running_docker()));
}

}  // namespace
}  // namespace overland
