// ipvlan networks: what they come to in policy, links, routes and misfits of a host.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desired/derive.h"
#include "desired/networks.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::string inventory_of(const std::string& mode, const std::string& more = "") {
  return R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "a"
address = "10.0.0.1"
bip = "192.168.1.1/24"
[[host]]
name = "b"
address = "10.0.0.2"
bip = "192.168.2.1/24"
[[network]]
name = "fast"
driver = "ipvlan"
segment = "lan"
subnets = { a = "10.91.0.0/24", b = "10.91.1.0/24" }
mode = ")" +
         mode + "\"\n" + more;
}

struct Derived {
  model::HostFacts facts;
  model::HostState state;
};

Derived derived(
    const std::string& text, void (*change)(model::HostFacts&) = [](auto&) {}) {
  Derived result;
  result.facts.links = {link("eth0", {"10.0.0.1/24"})};
  result.facts.firewall.variant = model::FirewallVariant::kNft;
  result.facts.docker.installed = true;
  result.facts.docker.running = true;
  result.facts.docker.networks_known = true;
  result.facts.docker.version = "26.1.5";
  change(result.facts);
  const auto inventory = load(text);
  result.state = desired::derive(inventory, inventory.hosts[0], result.facts);
  return result;
}

std::vector<std::string> waiting(const Derived& of) {
  return desired::network_misfits(of.state, of.facts).names;
}

TEST(Ipvlan, PeersSendToTheHostAndAreBelieved) {
  const auto [facts, state] = derived(inventory_of("l3s"));
  EXPECT_THAT(state.firewall->peer_subnets, Contains(net("10.91.1.0/24")));
  const auto route =
      std::ranges::find(state.routes, net("10.91.1.0/24"), &model::Route::destination);
  ASSERT_NE(route, state.routes.end());
  EXPECT_THAT(route->gateways, ElementsAre(net("10.0.0.2/32").network()));
  EXPECT_THAT(state.firewall->bridges, ElementsAre("docker0"))
      << "no link of the host's leads there";
}

TEST(Ipvlan, StrangersAreKeptOutWhereThePacketsPass) {
  const std::vector<model::Prefix> cluster = {net("10.0.0.2/32"), net("10.91.1.0/24"),
                                              net("192.168.2.0/24")};
  for (const bool tracked : {false, true}) {
    const auto [facts, state] = derived(inventory_of(tracked ? "l3s" : "l3"));
    EXPECT_THAT(state.firewall->ipvlan_guards,
                ElementsAre(model::IpvlanGuard{"eth0", net("10.91.0.0/24"), cluster, tracked}));
  }
}

TEST(Ipvlan, AClosedOneBelievesItsNamesakesAlone) {
  const auto [facts, state] = derived(inventory_of("l3s", "reach = \"network\"\n"));
  EXPECT_THAT(
      state.firewall->ipvlan_guards,
      ElementsAre(model::IpvlanGuard{"eth0", net("10.91.0.0/24"), {net("10.91.1.0/24")}, true}));
  EXPECT_THAT(state.firewall->peer_subnets, Not(Contains(net("10.91.1.0/24"))));
}

TEST(Ipvlan, AnInternalOneBelievesNobody) {
  const auto [facts, state] = derived(inventory_of("l3", "internal = true\n"));
  ASSERT_EQ(state.firewall->ipvlan_guards.size(), 1U);
  EXPECT_THAT(state.firewall->ipvlan_guards[0].trusted, IsEmpty());
}

TEST(Ipvlan, AShimIsOfItsKindAndMode) {
  const auto [facts, state] = derived(inventory_of("l3", "shim = true\n"));
  ASSERT_EQ(state.links.size(), 1U);
  EXPECT_EQ(state.links[0].name, "ovl-fast");
  EXPECT_EQ(state.links[0].ipvlan, "l3");
  EXPECT_THAT(state.firewall->arp_guards, IsEmpty()) << "there is no ARP in l3";
  EXPECT_THAT(state.firewall->bridges, ElementsAre("docker0", "ovl-fast"));
  const auto own = std::ranges::find(state.routes, net("10.91.0.0/24"), &model::Route::destination);
  ASSERT_NE(own, state.routes.end());
  ASSERT_TRUE(own->link);
  EXPECT_EQ(*own->link, "ovl-fast");
}

TEST(Ipvlan, DockerIsToldNothingWhereTheKernelHasNone) {
  EXPECT_THAT(waiting(derived(inventory_of("l3s"))), IsEmpty());
  EXPECT_THAT(waiting(derived(inventory_of("l3s"), [](auto& facts) { facts.no_ipvlan = true; })),
              ElementsAre("fast"));
}

TEST(Ipvlan, L3WaitsForAKernelThatDropsAtALinksIngress) {
  const auto lacks = [](model::HostFacts& facts) { facts.firewall.no_link_guards = true; };
  const auto l3 = derived(inventory_of("l3"), lacks);
  EXPECT_THAT(waiting(l3), ElementsAre("fast"));
  EXPECT_THAT(l3.state.firewall->ipvlan_guards, IsEmpty());
  EXPECT_THAT(waiting(derived(inventory_of("l3s"), lacks)), IsEmpty());
}

TEST(Ipvlan, L3sNeedsALaterDockerThan20) {
  const auto old = [](model::HostFacts& facts) { facts.docker.version = "20.10.24+dfsg1"; };
  EXPECT_THAT(waiting(derived(inventory_of("l3s"), old)), ElementsAre("fast"));
  EXPECT_THAT(waiting(derived(inventory_of("l3"), old)), IsEmpty());
}

TEST(Ipvlan, SharesItsParentWithNothing) {
  const std::string other = R"(
[[network]]
name = "wire"
driver = "macvlan"
parent = "eth0"
subnet = "172.20.0.0/24"
ranges = { a = "172.20.0.16/28" }
gateway = "172.20.0.1"
)";
  const auto both =
      derived(inventory_of("l3s") + other, [](auto& facts) { facts.docker.version = "28.5.2"; });
  EXPECT_THAT(waiting(both), ElementsAre("wire")) << "the inventory cannot tell: eth0 is the lan's";
}

}  // namespace
}  // namespace overland
