#include "desired/held_trust.h"

#include <gtest/gtest.h>

#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using Prefixes = std::vector<model::Prefix>;

/// Two segments of a router's and of macvlan containers, `keys` in the first.
inventory::Inventory macvlans(const std::string& keys, const std::string& host = "") {
  return load("version = 1\n[[segment]]\nname = \"left\"\nsubnet = \"172.16.10.0/24\"\n" + keys +
              R"(
[[segment]]
name = "right"
subnet = "172.16.11.0/24"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
[[host]]
name = "router"
router = true
address = ["10.0.0.1", "172.16.10.1", "172.16.11.1"]
)" + host);
}

const Prefixes kStanding = {net("10.0.0.1/32"), net("172.16.10.0/23")};
const Prefixes kBoth = {net("172.16.10.0/24"), net("172.16.11.0/24")};

TEST(HeldTrust, IsWhatTheOldDefaultTrustedAndStands) {
  const auto inventory = macvlans("");
  EXPECT_EQ(desired::held_trust(inventory, kStanding), kBoth);
  EXPECT_EQ(desired::held_trust(inventory, {net("172.16.11.0/24")}),
            Prefixes{net("172.16.11.0/24")});
  EXPECT_EQ(desired::held_trust(inventory, {net("172.16.10.1/32")}), Prefixes{});
  EXPECT_EQ(desired::held_trust(inventory, {}), Prefixes{});
}

TEST(HeldTrust, EndsWhereTheFileSaysTrust) {
  for (const char* said : {"trust = \"hosts\"", "trust = \"subnet\""}) {
    EXPECT_EQ(desired::held_trust(macvlans(said), kStanding), Prefixes{net("172.16.11.0/24")});
  }
}

TEST(HeldTrust, IsNotOfSegmentsTheOldDefaultTrustedByHost) {
  EXPECT_EQ(desired::held_trust(
                macvlans("", "[[host]]\nname = \"plain\"\naddress = \"172.16.10.9\"\n"), kStanding),
            Prefixes{net("172.16.11.0/24")});
  EXPECT_EQ(desired::held_trust(macvlans("", "masquerade = \"right\"\n"), kStanding),
            Prefixes{net("172.16.10.0/24")});
}

TEST(HeldTrust, NothingChangesForASegmentFullOfHosts) {
  auto inventory = macvlans("");
  inventory.segments[0].subnet = net("172.16.10.0/30");
  EXPECT_EQ(desired::held_trust(inventory, kStanding),
            (Prefixes{net("172.16.10.0/30"), net("172.16.11.0/24")}));
  inventory.hosts[1].addresses.push_back({addr("172.16.10.2"), 0});
  EXPECT_EQ(desired::held_trust(inventory, kStanding), Prefixes{net("172.16.11.0/24")});
}

}  // namespace
}  // namespace overland
