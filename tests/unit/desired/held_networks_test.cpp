// Networks that shall change and are held: what serves them stays with them.

#include "desired/held_networks.h"

#include <gmock/gmock.h>

#include "desired/derive.h"
#include "desired/held_subnets.h"
#include "unit/desired/campus.h"
#include "unit/networks.h"

namespace overland {
namespace {

using namespace tests;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

const char* const kTwo = R"(
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
)";

std::string app(const std::string& a, const std::string& b, const std::string& more = "") {
  return kTwo +
         std::string("[[network]]\nname = \"app\"\ndriver = \"bridge\"\nsubnets = { a = \"") + a +
         "\", b = \"" + b + "\" }\n" + more;
}

model::HostFacts facts_with(const model::Network& network) {
  model::HostFacts facts;
  facts.links = {link("eth0", {"10.0.0.1/24"})};
  facts.firewall.variant = model::FirewallVariant::kNft;
  facts.docker = running_docker().docker;
  facts.docker.networks = {in_docker(network, {"web"})};
  facts.held_networks = {network.name};
  return facts;
}

TEST(HeldNetwork, ItsSubnetStaysInThePolicyAndTheNewOneComesWithTheNetwork) {
  const auto inventory = load(app("192.168.111.0/24", "192.168.120.0/24"));
  auto facts = facts_with(bridge("app", "192.168.110.0/24"));
  const auto held = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_THAT(held.firewall->behind, Contains(model::Behind{"br-app", {net("192.168.110.0/24")}}));
  EXPECT_THAT(held.firewall->local, Not(Contains(net("192.168.111.0/24"))));
  EXPECT_EQ(held.networks.at(0).subnet, net("192.168.111.0/24")) << "what it shall be";
  facts.held_networks.clear();
  const auto changed = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_THAT(changed.firewall->behind,
              Contains(model::Behind{"br-app", {net("192.168.111.0/24")}}));
}

TEST(HeldNetwork, AClosedOneStaysClosed) {
  const auto inventory = load(app("192.168.111.0/24", "192.168.120.0/24", "reach = \"network\"\n"));
  const auto held =
      desired::derive(inventory, inventory.hosts[0], facts_with(bridge("app", "192.168.110.0/24")));
  ASSERT_EQ(held.firewall->closed.size(), 1U);
  EXPECT_THAT(held.firewall->closed[0].subnets, ElementsAre(net("192.168.110.0/24")));
}

TEST(HeldNetwork, WhatAnotherHostHasByNowIsNotKept) {
  const auto inventory = load(app("192.168.120.0/24", "192.168.110.0/24"));
  const auto facts = facts_with(bridge("app", "192.168.110.0/24"));
  EXPECT_FALSE(desired::as_held(inventory, inventory.hosts[0], facts));
}

TEST(HeldNetwork, ItsShimStaysTheGatewayOfItsContainers) {
  const auto inventory = load(std::string(kTwo) + R"(
[[network]]
name = "mv"
driver = "macvlan"
segment = "lan"
ranges = { a = "10.0.0.64/28", b = "10.0.0.80/28" }
gateway = "shim"
shim = true
)");
  auto now = macvlan("mv", "10.0.0.0/24", "eth0");
  now.range = net("10.0.0.32/28");
  now.gateway = addr("10.0.0.32");
  const auto held = desired::derive(inventory, inventory.hosts[0], facts_with(now));
  ASSERT_EQ(held.links.size(), 1U);
  EXPECT_EQ(held.links[0].address, iface("10.0.0.32/32"));
  ASSERT_EQ(held.firewall->arp_guards.size(), 1U);
  EXPECT_EQ(held.firewall->arp_guards[0].range, net("10.0.0.32/28"));
  EXPECT_TRUE(std::ranges::any_of(held.routes, [](const auto& route) {
    return route.destination == net("10.0.0.32/28") && route.link && *route.link == "ovl-mv";
  }));
}

TEST(HeldNetwork, OfAnotherDriverKeepsItsShimAndWhatIsLedThere) {
  const auto inventory = load(app("192.168.110.0/24", "192.168.120.0/24"));
  auto now = macvlan("app", "172.30.9.0/24", "par0");
  now.range = net("172.30.9.32/28");
  now.gateway = addr("172.30.9.32");
  auto facts = facts_with(now);
  facts.links.push_back(link("par0", {}));
  facts.links.push_back(link("ovl-app", {"172.30.9.32/32"}));
  facts.links.back().ours = true;
  facts.links.back().parent = "par0";
  const auto held = desired::derive(inventory, inventory.hosts[0], facts);
  ASSERT_EQ(held.links.size(), 1U);
  EXPECT_EQ(held.links[0].name, "ovl-app");
  EXPECT_EQ(held.links[0].parent, "par0");
  EXPECT_EQ(held.links[0].address, iface("172.30.9.32/32"));
  EXPECT_TRUE(std::ranges::any_of(held.routes, [](const auto& route) {
    return route.destination == net("172.30.9.32/28") && route.link && *route.link == "ovl-app";
  }));
  EXPECT_THAT(held.firewall->behind, Contains(model::Behind{"ovl-app", {net("172.30.9.32/28")}}));
  EXPECT_EQ(held.networks.at(0).driver, model::NetworkDriver::kBridge) << "what it shall be";
}

TEST(HeldNetwork, ThatIsABridgeStillStaysOneForThePolicy) {
  const auto inventory = load(std::string(kTwo) + R"(
[[network]]
name = "app"
driver = "macvlan"
segment = "lan"
ranges = { a = "10.0.0.64/28", b = "10.0.0.80/28" }
gateway = "shim"
shim = true
)");
  const auto held =
      desired::derive(inventory, inventory.hosts[0], facts_with(bridge("app", "192.168.110.0/24")));
  EXPECT_TRUE(held.links.empty());
  EXPECT_THAT(held.firewall->behind, Contains(model::Behind{"br-app", {net("192.168.110.0/24")}}));
  EXPECT_TRUE(held.firewall->arp_guards.empty());
}

std::vector<model::Prefix> held_at(const std::string& text,
                                   const std::vector<desired::HadSubnets>& before,
                                   const std::vector<desired::HadNetwork>& networks) {
  auto inventory = load(text);
  desired::hold_subnets(inventory, {}, before, networks);
  return inventory.hosts[0].held ? *inventory.hosts[0].held : std::vector<model::Prefix>();
}

TEST(SubnetOfANetworkThatMoved, IsHeldAtPeersAsThatOfABipIs) {
  const std::vector<desired::HadNetwork> had = {{"a", "app", net("192.168.110.0/24")}};
  const auto moved = app("192.168.111.0/24", "192.168.120.0/24");
  EXPECT_THAT(held_at(moved, {}, had), ElementsAre(net("192.168.110.0/24")));
  EXPECT_THAT(held_at(moved, {{"a", {net("192.168.110.0/24")}}}, {}),
              ElementsAre(net("192.168.110.0/24")))
      << "and in the runs after that";
  EXPECT_TRUE(held_at(app("192.168.110.0/24", "192.168.120.0/24"), {}, had).empty());
  EXPECT_TRUE(held_at(app("192.168.111.0/24", "192.168.110.0/24"), {}, had).empty())
      << "another host has it";
  EXPECT_TRUE(held_at(kTwo, {}, had).empty()) << "taken out on purpose";
  EXPECT_TRUE(held_at(app("192.168.111.0/24", "192.168.120.0/24", "reach = \"network\"\n"), {}, had)
                  .empty())
      << "it would be open";
}

}  // namespace
}  // namespace overland
