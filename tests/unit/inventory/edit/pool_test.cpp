#include "inventory/edit/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;

Inventory with(const std::string& pool, const std::vector<std::string>& bips) {
  Inventory inventory;
  inventory.cluster.pool = model::Prefix::parse(pool);
  for (const auto& bip : bips) {
    inventory.hosts.emplace_back().bip = model::InterfaceAddress::parse(bip);
  }
  return inventory;
}

std::vector<std::string> all(const Inventory& inventory, std::uint8_t length) {
  SubnetPool pool(inventory, length);
  std::vector<std::string> result;
  while (const auto bip = pool.next()) result.push_back(bip->to_string());
  EXPECT_FALSE(pool.next());
  return result;
}

TEST(SubnetPool, GoesOnAfterTheHighestAndComesToWhatWasFreedAtLast) {
  EXPECT_THAT(all(with("10.1.0.0/21", {"10.1.1.1/24", "10.1.5.1/24"}), 24),
              ElementsAre("10.1.6.1/24", "10.1.7.1/24", "10.1.0.1/24", "10.1.2.1/24", "10.1.3.1/24",
                          "10.1.4.1/24"));
}

TEST(SubnetPool, AnEmptyPoolIsTakenFromItsBeginning) {
  EXPECT_THAT(all(with("10.1.0.0/23", {}), 24), ElementsAre("10.1.0.1/24", "10.1.1.1/24"));
  EXPECT_THAT(all(with("10.1.0.0/24", {}), 24), ElementsAre("10.1.0.1/24"));
}

TEST(SubnetPool, UsedSubnetsOfOtherLengthsAreSteppedOver) {
  EXPECT_THAT(all(with("10.1.0.0/22", {"10.1.1.129/30"}), 24),
              ElementsAre("10.1.2.1/24", "10.1.3.1/24", "10.1.0.1/24"));
  EXPECT_THAT(all(with("10.1.0.0/22", {"10.1.0.1/23"}), 25),
              ElementsAre("10.1.2.1/25", "10.1.2.129/25", "10.1.3.1/25", "10.1.3.129/25"));
}

TEST(SubnetPool, SegmentsAndAddressPoolsAreInTheWayWithoutBeingTheHighest) {
  Inventory inventory = with("10.1.0.0/21", {"10.1.2.1/24"});
  inventory.segments.emplace_back().subnet = *model::Prefix::parse("10.1.4.0/24");
  inventory.hosts[0].docker.address_pools =
      std::vector<AddressPool>{{*model::Prefix::parse("10.1.6.0/23")}};
  EXPECT_THAT(all(inventory, 24),
              ElementsAre("10.1.3.1/24", "10.1.5.1/24", "10.1.0.1/24", "10.1.1.1/24"));
}

TEST(SubnetPool, WhatABipWasBeforeIsInUse) {
  Inventory inventory = with("10.1.0.0/22", {"10.1.0.1/24"});
  inventory.hosts[0].previous_bip = model::InterfaceAddress::parse("10.1.2.1/24");
  EXPECT_THAT(all(inventory, 24), ElementsAre("10.1.3.1/24", "10.1.1.1/24"));
}

TEST(SubnetPool, TheEndOfTheAddressesIsNoEnd) {
  EXPECT_THAT(all(with("223.255.254.0/23", {"223.255.255.1/24"}), 24),
              ElementsAre("223.255.254.1/24"));
}

}  // namespace
}  // namespace overland::inventory
