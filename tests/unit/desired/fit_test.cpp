// Where inventory and machine do not fit: what is said, and what of it stops everything.

#include "desired/fit.h"

#include <gtest/gtest.h>

#include "desired/derive.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;

desired::Fit fit(const inventory::Inventory& inventory, const inventory::Host& host,
                 const model::HostFacts& facts) {
  return desired::fit(inventory, host, facts, desired::derive(inventory, host, facts));
}

model::HostFacts router_facts() {
  model::HostFacts facts;
  facts.links = {link("eth1", {"172.16.10.1/24"}), link("eth2", {"172.16.20.1/24"})};
  facts.firewall.variant = model::FirewallVariant::kNft;
  return facts;
}

TEST(Fit, NothingToSayOnAHostThatFits) {
  const auto inventory = load(kTwoHosts);
  const auto result = fit(inventory, inventory.hosts[0], running_docker());
  EXPECT_TRUE(result.findings.empty());
  EXPECT_TRUE(result.unreachable.empty());
  EXPECT_FALSE(result.nowhere);
}

TEST(Fit, AKernelWithoutVxlanIsSaid) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.no_vxlan = true;
  const auto result = fit(inventory, inventory.hosts[0], facts);
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_EQ(result.findings[0].severity, model::Severity::kMisfit);
  EXPECT_EQ(result.findings[0].resource, "link vxlan.ovl");
  EXPECT_NE(result.findings[0].message.find("no vxlan"), std::string::npos);
}

TEST(Fit, ATunnelsNextHopsNeedNotBeOnLink) {
  EXPECT_TRUE(desired::off_link(tunnelled_desired(), running_docker()).empty());
}

TEST(Fit, TheOnlyUnderlayAddressOnNoLinkIsTheWrongPlace) {
  const auto inventory = load(kTwoHosts);
  const auto result = fit(inventory, inventory.hosts[1], running_docker());
  EXPECT_TRUE(result.nowhere);
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_NE(result.findings[0].message.find("10.0.0.201"), std::string::npos);
}

TEST(Fit, OneDeadLinkOfARouterTakesOnlyItsNextHops) {
  const auto inventory = load(kCampus);
  const auto& router = inventory.hosts[3];
  for (const bool down : {true, false}) {
    auto facts = router_facts();
    if (down) facts.links[1].up = false;
    if (!down) facts.links[1].addresses.clear();
    const auto result = fit(inventory, router, facts);
    EXPECT_FALSE(result.nowhere);
    ASSERT_EQ(result.findings.size(), 1U);
    EXPECT_EQ(result.findings[0].severity, model::Severity::kMisfit);
    EXPECT_EQ(result.findings[0].resource, "segment vlan200");
    EXPECT_EQ(result.unreachable, (std::vector{addr("172.16.20.3"), addr("172.16.20.10")}));
  }
}

TEST(Fit, ARouteMakesNextHopsOfALoneAddressOnLink) {
  const auto inventory = load(kCampus);
  auto facts = router_facts();
  facts.links[1] = link("eth2", {"172.16.20.1/32"});
  const auto alone = fit(inventory, inventory.hosts[3], facts);
  ASSERT_EQ(alone.findings.size(), 1U);
  EXPECT_NE(
      alone.findings[0].message.find("link eth2 has 172.16.20.1/32 alone, and what goes there"),
      std::string::npos);
  EXPECT_NE(alone.findings[0].remedy.find("ip route add 172.16.20.0/24 dev eth2"),
            std::string::npos);
  facts.on_link = {addr("172.16.20.3")};
  EXPECT_EQ(fit(inventory, inventory.hosts[3], facts).unreachable,
            (std::vector{addr("172.16.20.10")}));
  facts.on_link.push_back(addr("172.16.20.10"));
  EXPECT_TRUE(fit(inventory, inventory.hosts[3], facts).findings.empty());
}

TEST(Fit, APulledCableIsAFindingThatLeavesTheRoutes) {
  const auto inventory = load(kCampus);
  auto facts = router_facts();
  facts.links[1].carrier = false;
  const auto result = fit(inventory, inventory.hosts[3], facts);
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_EQ(result.findings[0].message, "link eth2 is up, but has no carrier");
  EXPECT_TRUE(result.unreachable.empty());
}

TEST(Fit, ManyNextHopsBehindOneLinkAreOneFinding) {
  const auto inventory = load(kCampus);
  auto facts = router_facts();
  facts.links[1].up = false;
  const auto result = fit(inventory, inventory.hosts[3], facts);
  EXPECT_NE(result.findings.at(0).message.find("172.16.20.3 and 1 more"), std::string::npos)
      << result.findings.at(0).message;
}

TEST(Fit, DockerAbsentOnAHostWithABip) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker = {};
  const auto result = fit(inventory, inventory.hosts[0], facts);
  EXPECT_FALSE(result.nowhere);
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_NE(result.findings[0].message.find("Docker is not installed"), std::string::npos);
  facts.docker.unknown = {{model::Severity::kUnknown, "docker", "does not answer", ""}};
  EXPECT_TRUE(fit(inventory, inventory.hosts[0], facts).findings.empty());
}

TEST(Fit, RouterNeedsNoDocker) {
  const auto inventory = load(kCampus);
  EXPECT_TRUE(fit(inventory, inventory.hosts[3], router_facts()).findings.empty());
}

TEST(Fit, NoUsablePacketFilter) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.firewall.variant.reset();
  EXPECT_EQ(fit(inventory, inventory.hosts[0], facts).findings.size(), 1U);
}

}  // namespace
}  // namespace overland
