// Networks beside docker0: what they come to in policy, links and routes of a host.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desired/derive.h"
#include "desired/fit.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;

const char* const kHosts = R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "vlan10"
subnet = "172.16.10.0/24"
vlan = 10
[[host]]
name = "a"
slot = 0
address = "10.0.0.1"
parent = "eth1"
bip = "192.168.1.1/24"
[[host]]
name = "b"
slot = 1
address = "10.0.0.2"
parent = "eth1"
bip = "192.168.2.1/24"
[[host]]
name = "bare"
slot = 2
address = "10.0.0.3"
[[host]]
name = "r"
router = true
address = ["10.0.0.4", "172.16.10.1"]
)";

const char* const kApp = R"(
[[network]]
name = "app"
driver = "bridge"
subnets = { a = "192.168.110.0/24", b = "192.168.111.0/24", bare = "192.168.112.0/24" }
)";

model::HostFacts facts_of(const char* address) {
  model::HostFacts facts;
  facts.links = {link("eth0", {address}), link("eth1", {})};
  facts.firewall.variant = model::FirewallVariant::kNft;
  facts.docker.installed = true;
  facts.docker.running = true;
  return facts;
}

model::HostState state_of(const inventory::Inventory& inventory, std::size_t host,
                          const model::HostFacts& facts) {
  return desired::derive(inventory, inventory.hosts[host], facts);
}

model::HostState state_of(const std::string& networks, std::size_t host, const char* address) {
  return state_of(load(kHosts + networks), host, facts_of(address));
}

const model::FirewallPolicy& policy(const model::HostState& state) {
  EXPECT_TRUE(state.firewall.has_value());
  return *state.firewall;
}

const model::Route* route_to(const model::HostState& state, const char* destination) {
  for (const auto& route : state.routes) {
    if (route.destination == net(destination) && route.kind == model::RouteKind::kUnicast) {
      return &route;
    }
  }
  return nullptr;
}

TEST(ContainerNetworks, ABridgeIsOneMorePairOfLinkAndSubnet) {
  const auto state = state_of(kApp, 0, "10.0.0.1/24");
  EXPECT_THAT(policy(state).bridges, ElementsAre("br-app", "docker0"));
  EXPECT_EQ(policy(state).behind,
            (std::vector<model::Behind>{{"br-app", {net("192.168.110.0/24")}},
                                        {"docker0", {net("192.168.1.0/24")}}}));
  EXPECT_THAT(policy(state).peer_subnets,
              ElementsAre(net("192.168.2.0/24"), net("192.168.111.0/24"), net("192.168.112.0/24")));
  ASSERT_NE(route_to(state, "192.168.111.0/24"), nullptr);
  EXPECT_EQ(route_to(state, "192.168.111.0/24")->gateways.front(), addr("10.0.0.2"));
}

TEST(ContainerNetworks, AHostWithoutBipIsADockerHostForItsNetworks) {
  const auto state = state_of(kApp, 2, "10.0.0.3/24");
  EXPECT_THAT(policy(state).bridges, ElementsAre("br-app"));
  EXPECT_THAT(policy(state).behind, IsEmpty());
  EXPECT_THAT(policy(state).local, ElementsAre(net("192.168.112.0/24")));
  EXPECT_THAT(state.sysctls, Contains(model::Sysctl{model::kIpForward, "1"}));
  EXPECT_NE(route_to(state, "192.168.1.0/24"), nullptr);
  EXPECT_FALSE(state_of("", 2, "10.0.0.3/24").firewall.has_value());
}

TEST(ContainerNetworks, DockersNftablesBackendIsToldWithoutABip) {
  const auto inventory = load(kHosts + std::string(kApp));
  auto facts = facts_of("10.0.0.3/24");
  EXPECT_FALSE(state_of(inventory, 2, facts).docker.has_value());
  facts.firewall.docker_nft_backend = true;
  const auto state = state_of(inventory, 2, facts);
  ASSERT_TRUE(state.docker.has_value());
  EXPECT_THAT(state.docker->keys, testing::SizeIs(2));
  EXPECT_TRUE(state.docker->keys.contains("bridge-accept-fwmark"));
  EXPECT_FALSE(state.docker->address.has_value());
  ASSERT_TRUE(policy(state).direct_drop.has_value());
  EXPECT_THAT(policy(state).direct_drop->networks, Contains(net("192.168.112.0/24")));
}

TEST(ContainerNetworks, InternalOnesAreNoneOfThePolicys) {
  auto inventory = load(kHosts + std::string(kApp));
  const auto without = state_of("", 0, "10.0.0.1/24");
  inventory.networks[0].internal = true;
  EXPECT_EQ(state_of(inventory, 0, facts_of("10.0.0.1/24")).firewall, without.firewall);
}

TEST(ContainerNetworks, ClosedOnesAreReachedByTheirNamesakesAlone) {
  const auto inventory = load(kHosts + std::string(kApp) + "reach = \"network\"\n");
  const auto on_a = *state_of(inventory, 0, facts_of("10.0.0.1/24")).firewall;
  EXPECT_THAT(on_a.bridges, ElementsAre("docker0"));
  EXPECT_THAT(on_a.peer_subnets, ElementsAre(net("192.168.2.0/24")));
  EXPECT_THAT(on_a.closed, ElementsAre(model::ClosedNetwork{
                               "br-app",
                               {net("192.168.110.0/24")},
                               {net("192.168.111.0/24"), net("192.168.112.0/24")}}));
  EXPECT_THAT(on_a.others, Optional(Contains(net("192.168.111.0/24"))))
      << "no container sends with them";
  model::HostFacts router = facts_of("10.0.0.4/24");
  router.links.push_back(link("eth2", {"172.16.10.1/24"}));
  const auto on_r = *state_of(inventory, 3, router).firewall;
  EXPECT_THAT(on_r.closed, IsEmpty());
  EXPECT_THAT(on_r.peer_subnets, Not(Contains(net("192.168.110.0/24"))));
  EXPECT_THAT(on_r.transit, Contains(net("192.168.110.0/23"))) << "it only passes them on";
}

TEST(ContainerNetworks, JoinedArePairsWhicheverNamesTheOther) {
  const auto state = state_of(std::string(kApp) + "join = [\"docker0\", \"db\"]\n" + R"(
[[network]]
name = "db"
driver = "bridge"
reach = "network"
join = ["app"]
subnets = { a = "192.168.120.0/24" }
)",
                              0, "10.0.0.1/24");
  const model::Behind app = {"br-app", {net("192.168.110.0/24")}};
  const model::Behind db = {"br-db", {net("192.168.120.0/24")}};
  const model::Behind docker = {"docker0", {net("192.168.1.0/24")}};
  EXPECT_EQ(policy(state).joins, (std::vector<model::Join>{{app, db}, {app, docker}}));
}

TEST(ContainerNetworks, JoinNamesANetworkNeverTheDefaultBridgesLink) {
  const auto state = state_of(std::string(kApp) + "join = [\"br0\"]\n" + R"(
[[network]]
name = "br0"
driver = "bridge"
link = "br-zero"
subnets = { a = "192.168.120.0/24" }

[docker]
bridge = "br0"
)",
                              0, "10.0.0.1/24");
  EXPECT_EQ(policy(state).joins.at(0).other.link, "br-zero");
}

TEST(ContainerNetworks, WhoIsOnSomebodyElsesLinkIsNoContainerOfOurs) {
  const auto inventory = load(kHosts + std::string(kApp));
  auto facts = facts_of("10.0.0.1/24");
  facts.links.push_back(link("br-app", {}));
  facts.links.back().bridge = true;  // Docker's, or one it would use as it is: nobody else is on it
  EXPECT_THAT(state_of(inventory, 0, facts).firewall->bridges, ElementsAre("br-app", "docker0"));
  facts.links.back().wired = true;
  EXPECT_THAT(state_of(inventory, 0, facts).firewall->bridges, ElementsAre("docker0"));
}

const char* const kFollowed = R"(
[[network]]
name = "web"
driver = "bridge"
manage = "follow"
subnets = { a = "192.168.130.0/24" }
)";

TEST(ContainerNetworks, AFollowedOnesLinkIsAskedOfDockerOrFoundByItsAddress) {
  const auto inventory = load(kHosts + std::string(kFollowed));
  auto facts = facts_of("10.0.0.1/24");
  EXPECT_THAT(state_of(inventory, 0, facts).firewall->bridges, ElementsAre("docker0"));
  facts.links.push_back(link("br-1234567890ab", {"192.168.130.1/24"}));
  facts.links.back().bridge = true;
  EXPECT_THAT(state_of(inventory, 0, facts).firewall->bridges,
              ElementsAre("br-1234567890ab", "docker0"));
  facts.docker.networks = {{"web", "br-fedcba098765", {net("192.168.130.0/24")}}};
  EXPECT_THAT(state_of(inventory, 0, facts).firewall->bridges,
              ElementsAre("br-fedcba098765", "docker0"));
}

const char* const kShimmed = R"(
[[network]]
name = "mv10"
driver = "macvlan"
segment = "vlan10"
range = "172.16.10.128/25"
range_length = 28
gateway = "shim"
shim = true
)";

TEST(ContainerNetworks, AShimIsALinkTheRangeIsBehind) {
  const auto state = state_of(kShimmed, 1, "10.0.0.2/24");
  const model::Link vlan = {"eth1.10", "eth1", 10, model::kNoAddress};
  const model::Link shim = {"ovl-mv10", "eth1.10", 0, {state.links.back().address.address, 32}};
  EXPECT_THAT(state.links, ElementsAre(vlan, shim));
  EXPECT_TRUE(net("172.16.10.144/28").contains(shim.address.address));
  ASSERT_NE(route_to(state, "172.16.10.144/28"), nullptr);
  EXPECT_EQ(*route_to(state, "172.16.10.144/28")->link, "ovl-mv10");
  ASSERT_NE(route_to(state, "172.16.10.128/28"), nullptr);
  EXPECT_EQ(route_to(state, "172.16.10.128/28")->gateways.front(), addr("10.0.0.1"));
  EXPECT_THAT(policy(state).bridges, ElementsAre("docker0", "ovl-mv10"));
  EXPECT_THAT(policy(state).peer_subnets, Contains(net("172.16.10.128/28")));
  EXPECT_THAT(
      policy(state).arp_guards,
      ElementsAre(model::ArpGuard{"ovl-mv10", net("172.16.10.144/28"), shim.address.address}));
}

TEST(ContainerNetworks, NothingIsLedOrTrustedByAForeignLinkWithAShimsName) {
  const auto inventory = load(kHosts + std::string(kShimmed));
  auto facts = facts_of("10.0.0.2/24");
  facts.links.push_back(link("ovl-mv10", {}));
  const auto state = state_of(inventory, 1, facts);
  EXPECT_EQ(route_to(state, "172.16.10.144/28"), nullptr);
  EXPECT_THAT(policy(state).bridges, ElementsAre("docker0"));
  EXPECT_EQ(state.links.back().name, "ovl-mv10");  // so that the conflict is told
}

TEST(ContainerNetworks, AShimWaitsForItsParent) {
  const auto inventory = load(kHosts + std::string(R"(
[[network]]
name = "lab"
driver = "macvlan"
manage = "follow"
parent = "eth9"
subnet = "172.30.0.0/24"
ranges = { a = "172.30.0.128/28" }
gateway = "shim"
shim = true
)"));
  auto facts = facts_of("10.0.0.1/24");
  auto state = state_of(inventory, 0, facts);
  EXPECT_THAT(state.links, IsEmpty());
  EXPECT_EQ(route_to(state, "172.30.0.128/28"), nullptr);
  const auto fit = desired::fit(inventory, inventory.hosts[0], facts, state);
  ASSERT_EQ(fit.findings.size(), 1U);
  EXPECT_EQ(fit.findings[0].message, "there is no link eth9 for its shim ovl-lab");
  facts.links.push_back(link("eth9", {}));
  state = state_of(inventory, 0, facts);
  EXPECT_EQ(state.links.size(), 1U);
  EXPECT_NE(route_to(state, "172.30.0.128/28"), nullptr);
}

TEST(ContainerNetworks, BehindARouterTheRangesAreTrustedAndNoMore) {
  const std::string mv = R"(
[[network]]
name = "mv10"
driver = "macvlan"
segment = "vlan10"
range = "172.16.10.128/25"
range_length = 28
gateway = "router"
)";
  const auto state = state_of(mv, 0, "10.0.0.1/24");
  EXPECT_THAT(state.links, ElementsAre(model::Link{"eth1.10", "eth1", 10, model::kNoAddress}));
  EXPECT_THAT(policy(state).bridges, ElementsAre("docker0"));
  EXPECT_THAT(policy(state).peer_hosts, Contains(net("172.16.10.128/27")))
      << "its own containers' range as well";
  EXPECT_EQ(route_to(state, "172.16.10.144/28"), nullptr);
  EXPECT_THAT(policy(state).others, Optional(Contains(net("172.16.10.144/28"))));
  EXPECT_THAT(policy(state).others, Optional(Not(Contains(net("172.16.10.128/27")))));
}

}  // namespace
}  // namespace overland
