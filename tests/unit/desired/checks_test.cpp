// What is reported about a machine: prefix lengths and strict rp_filter on asymmetric paths.

#include "desired/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "desired/asymmetry.h"
#include "desired/forwarding.h"
#include "desired/sysctls.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using desired::Asymmetry;
using desired::mismatches;
using namespace tests;

constexpr const char* kDualHomed = R"(
version = 1
[[segment]]
name = "left"
subnet = "172.16.10.0/24"
[[segment]]
name = "right"
subnet = "172.16.20.0/24"
[[host]]
name = "both"
address = ["172.16.10.10", "172.16.20.10"]
bip = "192.168.1.1/24"
[[host]]
name = "single"
address = "172.16.10.20"
bip = "192.168.2.1/24"
[[host]]
name = "swapped"
address = ["172.16.20.30", "172.16.10.30"]
bip = "192.168.3.1/24"
[[host]]
name = "r"
router = true
address = ["172.16.10.1", "172.16.20.1"]
)";

model::HostFacts dual_homed_facts(std::uint8_t rp_filter) {
  model::HostFacts facts;
  facts.links = {link("eth0", {"172.16.10.10/24"}), link("eth1", {"172.16.20.10/24"})};
  for (auto& one : facts.links) one.rp_filter = rp_filter;
  return facts;
}

model::HostFacts shut_facts(const std::string& name) {
  auto facts = dual_homed_facts(0);
  facts.links.push_back(link("docker0", {"192.168.1.1/24"}));
  facts.links.push_back(link("other", {"10.77.0.1/24"}));
  for (auto& one : facts.links) one.forwards = one.name != name;
  return facts;
}

TEST(Forwarding, OfOneLinkIsToldWhereItIsSomebodyElses) {
  const auto inventory = load(kDualHomed);
  for (const std::string name : {"eth0", "eth1", "docker0"}) {
    auto facts = shut_facts(name);
    facts.forwarding = model::Forwarding::kForeign;
    const auto found = mismatches(inventory, inventory.hosts[0], facts);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(found[0].severity, model::Severity::kConflict);
    EXPECT_EQ(found[0].resource, "sysctl net.ipv4.conf." + name + ".forwarding");
    EXPECT_EQ(found[0].remedy, "sysctl -w net.ipv4.conf." + name + ".forwarding=1");
    EXPECT_TRUE(desired::shut_links(inventory, inventory.hosts[0], facts) == std::vector{name});
    facts.forwarding = model::Forwarding::kOurs;
    EXPECT_TRUE(mismatches(inventory, inventory.hosts[0], facts).empty()) << "apply repairs it";
    const auto wanted = desired::sysctls(inventory, inventory.hosts[0], facts);
    const model::Sysctl one = {"net.ipv4.conf." + name + ".forwarding", "1"};
    EXPECT_NE(std::find(wanted.begin(), wanted.end(), one), wanted.end()) << name;
  }
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[0], shut_facts("other")).empty());
}

TEST(Asymmetries, OfAHostInTwoSegments) {
  const auto inventory = load(kDualHomed);
  // "swapped" reaches "both" in right, its own first segment; "both" answers in left. "single" and
  // the second address of "both" are joined by r, but the way back is direct.
  EXPECT_EQ(
      desired::asymmetries(inventory, inventory.hosts[0]),
      (std::vector<Asymmetry>{{1, net("172.16.10.20/32"), {0}}, {1, net("192.168.3.0/24"), {0}}}));
}

TEST(Asymmetries, NoneWithOneSegmentOrOneRouter) {
  const auto inventory = load(kDualHomed);
  EXPECT_TRUE(desired::asymmetries(inventory, inventory.hosts[1]).empty());
  EXPECT_TRUE(desired::asymmetries(inventory, inventory.hosts[3]).empty());
}

TEST(Asymmetries, NoneForContainersBehindEqualRoutersSinceAllTakeTheFirst) {
  for (const bool ecmp : {false, true}) {
    auto inventory = load(kCampus);
    inventory.cluster.ecmp = ecmp;
    for (const auto& host : inventory.hosts) {
      // What is left are hosts that call a router by its far address, and are answered directly.
      for (const auto& found : desired::asymmetries(inventory, host)) {
        EXPECT_TRUE(host.router) << host.name;
        EXPECT_EQ(found.source.length(), 32) << host.name << " " << found.source.to_string();
      }
    }
  }
}

/// x and y joined by m and two chains of equal length: x prefers a0 and so c0, m prefers c1.
constexpr const char* kTwoChains = R"(
version = 1
segment = [
  { name = "left", subnet = "172.16.1.0/24" },
  { name = "right", subnet = "172.16.2.0/24" },
  { name = "s0", subnet = "172.16.10.0/24" },
  { name = "s1", subnet = "172.16.11.0/24" },
  { name = "t0", subnet = "172.16.20.0/24" },
  { name = "t1", subnet = "172.16.21.0/24" },
]
host = [
  { name = "x", address = "172.16.1.10", bip = "192.168.1.1/24" },
  { name = "y", address = "172.16.2.10", bip = "192.168.2.1/24" },
  { name = "a0", router = true, address = ["172.16.1.2", "172.16.10.2"] },
  { name = "a1", router = true, address = ["172.16.1.3", "172.16.11.2"] },
  { name = "c1", router = true, address = ["172.16.11.3", "172.16.21.3"] },
  { name = "c0", router = true, address = ["172.16.10.3", "172.16.20.3"] },
  { name = "m", router = true, address = ["172.16.20.1", "172.16.21.1", "172.16.2.1"] },
]
)";

TEST(Asymmetries, OfARouterThatIsReachedOverOneChainAndAnswersOverTheOther) {
  auto inventory = load(kTwoChains);
  const auto transit = [&] {
    std::vector<Asymmetry> subnets;
    for (auto& found : desired::asymmetries(inventory, inventory.hosts[6])) {
      if (found.source.length() == 24) subnets.push_back(std::move(found));
    }
    return subnets;
  };
  EXPECT_EQ(transit(), (std::vector<Asymmetry>{{4, net("192.168.1.0/24"), {5}}}));
  inventory.cluster.ecmp = true;  // then m's routes use both chains
  EXPECT_TRUE(transit().empty());
}

TEST(Mismatches, StrictReversePathFilterWithItsRemedy) {
  const auto inventory = load(kDualHomed);
  EXPECT_EQ(
      mismatches(inventory, inventory.hosts[0], dual_homed_facts(1)),
      (std::vector<model::Finding>{
          {model::Severity::kConflict, "rp_filter eth1",
           "strict reverse path filtering drops what comes in on eth1 from 172.16.10.20/32 and 1 "
           "other sources, since the route back leaves by eth0",
           "set rp_filter = \"loose\" for this host in the inventory"}}));
}

TEST(Mismatches, NoneWithLooseOrNoReversePathFilter) {
  auto inventory = load(kDualHomed);
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[0], dual_homed_facts(0)).empty());
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[0], dual_homed_facts(2)).empty());
  inventory.hosts[0].rp_filter = inventory::RpFilter::kLoose;
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[0], dual_homed_facts(1)).empty());
}

TEST(Mismatches, PrefixLengthOtherThanTheSegments) {
  const auto inventory = load(kDualHomed);
  model::HostFacts facts;
  facts.links = {link("eth0", {"172.16.10.20/16"})};
  EXPECT_EQ(mismatches(inventory, inventory.hosts[1], facts),
            (std::vector<model::Finding>{
                {model::Severity::kConflict, "link eth0",
                 "it has the address 172.16.10.20/16, but segment left is 172.16.10.0/24",
                 "correct the link's prefix length or the segment's subnet"}}));
  facts.links = {link("eth0", {"172.16.10.20/32"})};
  EXPECT_EQ(mismatches(inventory, inventory.hosts[1], facts).size(), 1U);
  facts.on_link = {addr("172.16.10.1")};  // by a route of its own
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[1], facts).empty());
  facts = {};
  facts.links = {link("eth0", {"172.16.10.20/16"})};
  facts.links.front().ours = true;
  EXPECT_TRUE(mismatches(inventory, inventory.hosts[1], facts).empty());
}

TEST(Mismatches, MtusThatDoNotGoTogetherAreAdvice) {
  const auto inventory = load(kDualHomed);
  auto facts = dual_homed_facts(0);
  facts.links.push_back(link("docker0", {"192.168.1.1/24"}));
  const auto said = [&] {
    std::vector<std::string> messages;
    for (const auto& found : mismatches(inventory, inventory.hosts[0], facts)) {
      EXPECT_EQ(found.severity, model::Severity::kAdvice);
      messages.push_back(found.sentence());
    }
    return messages;
  };
  for (auto& one : facts.links) one.mtu = 1500;
  EXPECT_TRUE(said().empty());
  facts.links[0].mtu = 9000;
  ASSERT_EQ(said().size(), 1U);
  EXPECT_NE(said()[0].find("eth0 (9000) and eth1 (1500) differ in their MTU"), std::string::npos);
  facts.links[0].mtu = 1450;
  ASSERT_EQ(said().size(), 2U);
  EXPECT_NE(said()[1].find("docker0 (1500) send larger packets than the underlay link eth0 (1450)"),
            std::string::npos);
  EXPECT_NE(said()[1].find("set \"mtu\": 1450 in daemon.json"), std::string::npos);
  facts.links[0].mtu = facts.links[1].mtu = 9000;
  EXPECT_TRUE(said().empty());
}

}  // namespace
}  // namespace overland
