// What an ipvlan [[network]] comes to on each host.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;

constexpr const char* kHosts = R"(version = 1
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
parent = "eth0"
bip = "192.168.1.1/24"
[[host]]
name = "b"
slot = 1
address = ["10.0.0.2", "172.16.10.2"]
router = true
bip = "192.168.2.1/24"
)";

/// With warnings, but no errors.
Inventory with(const std::string& network) {
  Loaded loaded = parse(kHosts + ("[[network]]\nname = \"fast\"\ndriver = \"ipvlan\"\n" + network));
  if (!loaded.inventory) throw std::runtime_error(render(loaded.diagnostics, "test"));
  return std::move(*loaded.inventory);
}

std::vector<HostNetwork> parts(const Inventory& inventory) {
  std::vector<HostNetwork> result;
  for (const Host& host : inventory.hosts) {
    if (host.networks) result.insert(result.end(), host.networks->begin(), host.networks->end());
  }
  return result;
}

model::Prefix net(const char* text) { return *model::Prefix::parse(text); }
model::Address at(const char* text) { return *model::Address::parse(text); }

HostNetwork part_in(const char* subnet) {
  HostNetwork part;
  part.subnet = net(subnet);
  return part;
}

TEST(ParseIpvlan, IsL2UnlessSaidAndHasRangesOfItsSegment) {
  const Inventory inventory = with(
      "segment = \"vlan10\"\nrange = \"172.16.10.128/25\"\nrange_length = 28\n"
      "gateway = \"172.16.10.254\"\nshim = true\n");
  const Network& network = inventory.networks[0];
  EXPECT_EQ(network.driver, model::NetworkDriver::kIpvlan);
  EXPECT_EQ(network.mode, "l2");
  EXPECT_FALSE(network.is_routed_ipvlan());
  EXPECT_EQ(network.shim_link, "ovl-fast");
  HostNetwork a = part_in("172.16.10.0/24");
  HostNetwork b = a;
  a.range = net("172.16.10.128/28");
  b.range = net("172.16.10.144/28");
  a.gateway = b.gateway = at("172.16.10.254");
  a.shim = at("172.16.10.128");
  b.shim = at("172.16.10.144");
  EXPECT_THAT(parts(inventory), ElementsAre(a, b)) << "and nobody routes to them";
}

TEST(ParseIpvlan, RoutedItHasASubnetAHost) {
  const Inventory inventory = with(
      "mode = \"l3s\"\nsegment = \"lan\"\nreach = \"network\"\nreserve = \"10.91.0.1\"\nshim = "
      "true\n"
      "subnets = { a = \"10.91.0.0/24\", b = \"10.91.1.0/24\" }\n");
  const Network& network = inventory.networks[0];
  EXPECT_TRUE(network.is_routed_ipvlan());
  EXPECT_EQ(network.gateway, Gateway::kNone);
  EXPECT_EQ(network.reach, NetworkReach::kNetwork);
  HostNetwork a = part_in("10.91.0.0/24");
  HostNetwork b = part_in("10.91.1.0/24");
  a.routed = a.subnet;
  b.routed = b.subnet;
  a.shim = a.gateway = at("10.91.0.2");
  b.shim = b.gateway = at("10.91.1.1");
  EXPECT_THAT(parts(inventory), ElementsAre(a, b));
  EXPECT_THAT(inventory.hosts[0].bridge_subnets(),
              ElementsAre(net("192.168.1.0/24"), net("10.91.0.0/24")));
}

TEST(ParseIpvlan, SubnetsComeBySlotWhereTheHostHasAnAddress) {
  const Inventory inventory =
      with("mode = \"l3s\"\nsegment = \"vlan10\"\npool = \"10.91.0.0/16\"\nlength = 24\n");
  HostNetwork b = part_in("10.91.1.0/24");
  b.gateway = at("10.91.1.1");
  b.routed = b.subnet;
  EXPECT_THAT(parts(inventory), ElementsAre(b)) << "a could have the link, but nobody sends there";
}

TEST(ParseIpvlan, AParentNeedsNoSubnetBesideTheHosts) {
  const Inventory inventory =
      with("mode = \"l3s\"\nparent = \"eth0\"\nsubnets = { a = \"10.91.0.0/24\" }\n");
  EXPECT_EQ(inventory.networks[0].parent, "eth0");
  EXPECT_EQ(parts(inventory).size(), 1U);
}

}  // namespace
}  // namespace overland::inventory
