// A segment a router masquerades into leads out of the cluster: strangers there are strangers.

#include <gtest/gtest.h>

#include "desired/firewall.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;

constexpr const char* kUplink = R"(
version = 1
[[segment]]
name = "lan"
subnet = "172.16.10.0/24"
[[segment]]
name = "uplink"
subnet = "203.0.113.0/24"
[[host]]
name = "a"
address = "172.16.10.10"
bip = "192.168.1.1/24"
[[host]]
name = "r"
router = true
address = ["172.16.10.1", "203.0.113.1"]
masquerade = ["uplink"]
)";

model::HostFacts router_facts() {
  model::HostFacts facts;
  facts.links = {link("eth0", {"172.16.10.1/24"}), link("eth1", {"203.0.113.1/24"})};
  return facts;
}

TEST(DeriveFirewall, AnUplinkIsTrustedByItsInventoryAddressesOnly) {
  const auto inventory = load(kUplink);
  const auto docker = *desired::firewall(inventory, inventory.hosts[0], {});
  EXPECT_EQ(docker.peer_hosts,
            (std::vector<model::Prefix>{net("172.16.10.1/32"), net("203.0.113.1/32")}));
  const auto router = *desired::firewall(inventory, inventory.hosts[1], router_facts());
  EXPECT_EQ(router.transit,
            (std::vector<model::Prefix>{net("172.16.10.0/24"), net("192.168.1.0/24"),
                                        net("203.0.113.1/32")}));
  EXPECT_EQ(
      router.masquerades,
      (std::vector<model::Masquerade>{{"eth1", {net("172.16.10.0/24"), net("192.168.1.0/24")}}}));
}

TEST(DeriveFirewall, WhereNothingCanLeaveNothingIsMasqueraded) {
  auto inventory = load(kUplink);
  inventory.hosts[0].bip.reset();
  inventory.hosts[1].masquerade = {0, 1};
  EXPECT_TRUE(
      desired::firewall(inventory, inventory.hosts[1], router_facts())->masquerades.empty());
}

constexpr const char* kChain = R"(
version = 1
[[segment]]
name = "left"
subnet = "172.16.10.0/24"
[[segment]]
name = "right"
subnet = "172.16.20.0/24"
[[segment]]
name = "uplink"
subnet = "203.0.113.0/24"
[[host]]
name = "a"
address = "172.16.20.10"
bip = "192.168.1.1/24"
[[host]]
name = "near"
router = true
address = ["172.16.10.1", "203.0.113.1"]
masquerade = ["uplink"]
[[host]]
name = "far"
router = true
address = ["172.16.10.2", "172.16.20.1"]
)";

TEST(DeriveFirewall, ARouterPassesOnWhatAnotherMasquerades) {
  const auto inventory = load(kChain);
  model::HostFacts facts;
  facts.links = {link("eth0", {"172.16.10.2/24"}), link("eth1", {"172.16.20.1/24"})};
  const auto far = *desired::firewall(inventory, inventory.hosts[2], facts);
  EXPECT_EQ(far.masquerades, (std::vector<model::Masquerade>{
                                 {"eth0", {net("172.16.20.0/24"), net("192.168.1.0/24")}, false}}));
}

TEST(DeriveFirewall, AnUplinkIsTrustedAsAWholeWhereTheInventorySaysSo) {
  auto inventory = load(kUplink);
  inventory.segments[1].trust = inventory::Trust::kSubnet;
  const auto docker = *desired::firewall(inventory, inventory.hosts[0], {});
  EXPECT_EQ(docker.peer_hosts,
            (std::vector<model::Prefix>{net("172.16.10.1/32"), net("203.0.113.0/24")}));
  const auto router = *desired::firewall(inventory, inventory.hosts[1], router_facts());
  EXPECT_EQ(router.transit,
            (std::vector<model::Prefix>{net("172.16.10.0/24"), net("192.168.1.0/24"),
                                        net("203.0.113.0/24")}));
}

}  // namespace
}  // namespace overland
