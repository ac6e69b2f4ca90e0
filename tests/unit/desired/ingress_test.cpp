// Who is believed to come in on which link: as the senders' own routes have it.

#include "desired/ingress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "desired/firewall.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using inventory::Inventory;
using List = std::optional<std::vector<model::Prefix>>;

const inventory::Host& host_of(const Inventory& inventory, const std::string& name) {
  for (const auto& host : inventory.hosts) {
    if (host.name == name) return host;
  }
  throw std::out_of_range(name);
}

/// By link.
std::map<std::string, model::Ingress> ingress(const Inventory& inventory, const std::string& name,
                                              std::vector<model::LinkFacts> links) {
  model::HostFacts facts;
  facts.links = std::move(links);
  std::map<std::string, model::Ingress> result;
  const auto policy = desired::firewall(inventory, host_of(inventory, name), facts).value();
  for (const auto& one : policy.ingress) result.emplace(one.link, one);
  return result;
}

List list(std::initializer_list<const char*> prefixes) {
  std::vector<model::Prefix> result;
  for (const char* prefix : prefixes) result.push_back(net(prefix));
  return result;
}

const List kAll = std::nullopt;

/// a and b are routers and Docker hosts in two segments both; c is behind b alone.
constexpr const char* kTwins = R"(
version = 1
[[segment]]
name = "left"
subnet = "10.1.0.0/24"
[[segment]]
name = "right"
subnet = "10.2.0.0/24"
[[segment]]
name = "far"
subnet = "10.3.0.0/24"
[[host]]
name = "a"
address = ["10.1.0.1", "10.2.0.1"]
bip = "192.168.1.1/24"
[[host]]
name = "b"
router = true
address = ["10.2.0.2", "10.1.0.2", "10.3.0.2"]
bip = "192.168.2.1/24"
[[host]]
name = "c"
address = "10.3.0.3"
bip = "192.168.3.1/24"
[[host]]
name = "d"
address = "10.2.0.4"
bip = "192.168.4.1/24"
)";

TEST(Ingress, OnTheOnlyLinkEverybodyIsBelieved) {
  const auto found = ingress(load(kTwoHosts), "docker-200", {link("eth0", {"10.0.0.200/24"})});
  EXPECT_EQ(found.at("eth0"), (model::Ingress{"eth0", kAll, kAll, kAll}));
}

TEST(Ingress, ATwinAndWhatIsBehindItComeByBothLinksOthersByTheirOwn) {
  const auto found =
      ingress(load(kTwins), "a", {link("eth1", {"10.1.0.1/24"}), link("eth2", {"10.2.0.1/24"})});
  EXPECT_EQ(found.at("eth1").subnets, list({"192.168.2.0/23"}));
  EXPECT_EQ(found.at("eth1").hosts, list({"10.1.0.2/32", "10.2.0.2/32", "10.3.0.2/31"}));
  EXPECT_EQ(found.at("eth2").subnets, kAll);
  EXPECT_EQ(found.at("eth2").hosts, kAll);
}

TEST(Ingress, OfEqualPathsEachIsBelievedThoughOneIsTaken) {
  Inventory inventory = load(kCampus);
  ASSERT_FALSE(inventory.cluster.ecmp);
  // c is two routers away from a by r1 and by r2; r3 hears a by its one segment with both.
  const auto r3 = ingress(inventory, "r3",
                          {link("eth2", {"172.16.20.3/24"}), link("eth3", {"172.16.30.3/24"})});
  EXPECT_EQ(r3.at("eth2").subnets, list({"192.168.1.0/24", "192.168.2.0/24"}));
  EXPECT_EQ(r3.at("eth3").subnets, list({"192.168.3.0/24"}));
  EXPECT_EQ(r3.at("eth2").transit,
            list({"172.16.10.0/24", "172.16.20.0/24", "192.168.1.0/24", "192.168.2.0/24"}));
  EXPECT_EQ(r3.at("eth3").transit, list({"172.16.30.0/24", "192.168.3.0/24"}));
}

constexpr const char* kUplink = R"(
version = 1
[[segment]]
name = "lan"
subnet = "172.16.10.0/24"
[[segment]]
name = "uplink"
subnet = "203.0.113.0/24"
[[segment]]
name = "beyond"
subnet = "172.16.30.0/24"
[[host]]
name = "a"
address = "172.16.10.10"
bip = "192.168.1.1/24"
[[host]]
name = "r"
router = true
address = ["172.16.10.1", "203.0.113.1"]
masquerade = ["uplink"]
[[host]]
name = "out"
router = true
address = ["203.0.113.7", "172.16.30.1"]
[[host]]
name = "e"
address = "172.16.30.5"
bip = "192.168.5.1/24"
)";

TEST(Ingress, OnAMasqueradeLinkOnlyTheHostsThereAndWhatIsBehindThem) {
  const auto r = ingress(load(kUplink), "r",
                         {link("lan0", {"172.16.10.1/24"}), link("wan0", {"203.0.113.1/24"})});
  EXPECT_EQ(r.at("wan0").subnets, list({"192.168.5.0/24"}));
  EXPECT_EQ(r.at("wan0").transit, list({"172.16.30.0/24", "192.168.5.0/24", "203.0.113.7/32"}));
  EXPECT_EQ(r.at("lan0").subnets, list({"192.168.1.0/24"}));
  EXPECT_EQ(r.at("lan0").transit, list({"172.16.10.0/24", "192.168.1.0/24"}));
}

TEST(Ingress, EveryLinkWithAnAddressInTheSegmentLeadsIntoIt) {
  auto bridge = link("br-lan", {"10.0.0.5/24"});
  bridge.bridge = true;
  const auto found = ingress(load(kTwoHosts), "docker-200",
                             {link("lo", {"10.0.0.9/32"}), link("eth1", {"10.0.0.77/24"}), bridge,
                              link("eth0", {"10.0.0.200/24"}), link("eth2", {"10.0.1.1/24"})});
  EXPECT_EQ(found.size(), 2U) << "neither a single address nor a bridge of somebody's";
  EXPECT_EQ(found.at("eth0"), (model::Ingress{"eth0", kAll, kAll, kAll}));
  EXPECT_EQ(found.at("eth1"), (model::Ingress{"eth1", kAll, kAll, kAll}));
}

TEST(Ingress, ABridgeToAWireIsALinkAndBelievesWhomItsSegmentBringsIn) {
  auto inside = link("br-in", {"10.0.0.77/24"});
  auto other = link("br-vm", {});
  inside.bridge = inside.wired = other.bridge = other.wired = true;
  const auto found =
      ingress(load(kTwoHosts), "docker-200", {link("eth0", {"10.0.0.200/24"}), inside, other});
  EXPECT_EQ(found.at("br-in"), (model::Ingress{"br-in", kAll, kAll, kAll}));
  EXPECT_EQ(found.at("br-vm"), (model::Ingress{"br-vm", list({}), list({}), kAll}));
}

TEST(Ingress, AnUnderlayThatIsABridgeCounts) {
  auto bridge = link("br0", {"10.0.0.200/24"});
  bridge.bridge = true;
  EXPECT_EQ(ingress(load(kTwoHosts), "docker-200", {bridge}).count("br0"), 1U);
}

TEST(Ingress, MachinesOfATrustedSegmentSendToWhateverRouterTheyHave) {
  // Between "macvlan" and a is r1; but what r2 is sent there comes in on the other link.
  const Inventory inventory = load(R"(
version = 1
[[segment]]
name = "macvlan"
subnet = "10.9.0.0/24"
trust = "subnet"
[[segment]]
name = "left"
subnet = "10.1.0.0/24"
[[segment]]
name = "right"
subnet = "10.2.0.0/24"
[[segment]]
name = "middle"
subnet = "10.3.0.0/24"
[[host]]
name = "a"
address = ["10.1.0.1", "10.2.0.1"]
bip = "192.168.1.1/24"
[[host]]
name = "r1"
router = true
address = ["10.9.0.1", "10.1.0.2"]
[[host]]
name = "r2"
router = true
address = ["10.3.0.2", "10.9.0.2"]
[[host]]
name = "r3"
router = true
address = ["10.2.0.3", "10.3.0.3"]
[[host]]
name = "m"
address = "10.9.0.10"
bip = "192.168.9.1/24"
[[host]]
name = "plain"
address = "10.9.0.11"
)");
  const auto found =
      ingress(inventory, "a", {link("eth1", {"10.1.0.1/24"}), link("eth2", {"10.2.0.1/24"})});
  EXPECT_TRUE(found.at("eth1").hosts != kAll);  // r3 is nearer by the other one
  const auto believes = [&](const char* link, const char* address) {
    const auto& hosts = *found.at(link).hosts;
    return std::any_of(hosts.begin(), hosts.end(),
                       [&](const auto& one) { return one.contains(addr(address)); });
  };
  EXPECT_TRUE(believes("eth1", "10.9.0.77"));
  EXPECT_TRUE(believes("eth2", "10.9.0.77")) << "by r2 and r3";
  EXPECT_EQ(found.at("eth1").subnets, kAll);
  EXPECT_EQ(found.at("eth2").subnets, list({})) << "m has routes: the shortest path only";
}

/// A monitor and an office that a router outside the inventory leads here.
TEST(Ingress, WhatNoRouterOfTheInventoryLeadsHereMayComeByAnyLinkWithin) {
  const auto inventory = load(R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "wan"
subnet = "203.0.113.0/24"
[[segment]]
name = "office"
subnet = "10.9.0.0/24"
trust = "subnet"
[[host]]
name = "a"
address = ["10.0.0.1", "203.0.113.1"]
router = true
masquerade = ["wan"]
bip = "192.168.1.1/24"
[[host]]
name = "b"
address = "10.0.0.2"
bip = "192.168.2.1/24"
[[host]]
name = "monitor"
address = "10.9.0.5"
)");
  auto links =
      ingress(inventory, "a", {link("eth0", {"10.0.0.1/24"}), link("eth1", {"203.0.113.1/24"})});
  EXPECT_EQ(links.at("eth0").hosts, kAll);
  EXPECT_EQ(links.at("eth1").hosts, list({})) << "it leads out of the cluster";
}

}  // namespace
}  // namespace overland
