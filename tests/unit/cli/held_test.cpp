// What is remembered of the hosts' subnets.

#include "cli/held.h"

#include <gtest/gtest.h>

#include "unit/states.h"

namespace overland::cli {
namespace {

using tests::iface;
using tests::net;

TEST(SubnetsOf, AreThoseOfTheFileWithoutHeldAndClosedOnes) {
  inventory::Inventory inventory;
  inventory.networks.resize(2);
  inventory.networks[1].reach = inventory::NetworkReach::kNetwork;
  auto& host = inventory.hosts.emplace_back();
  host.name = "web";
  host.bip = iface("192.168.1.1/24");
  host.held = std::vector{net("192.168.9.0/24")};
  const auto subnet = net("192.168.110.0/24");
  const auto closed = net("192.168.120.0/24");
  host.networks = std::vector<inventory::HostNetwork>{{0, subnet, {}, {}, {}, subnet},
                                                      {1, closed, {}, {}, {}, closed}};
  std::vector<model::Prefix> found;
  subnets_of(inventory).each([&](std::string_view, const auto& subnets) { found = subnets; });
  EXPECT_EQ(found, (std::vector{net("192.168.1.0/24"), subnet}));
}

TEST(SubnetsOf, OfAHostWithNothingToHoldAreReadBack) {
  inventory::Inventory inventory;
  inventory.networks.resize(1);
  auto& host = inventory.hosts.emplace_back();
  host.name = "web";
  host.networks = std::vector<inventory::HostNetwork>{{0, net("172.16.10.0/24"), {}, {}, {}, {}}};
  const auto subnets = subnets_of(inventory);
  EXPECT_EQ(subnets.size(), 0U);
  EXPECT_EQ(reconcile::Subnets::parse(subnets.text()), subnets);
}

}  // namespace
}  // namespace overland::cli
