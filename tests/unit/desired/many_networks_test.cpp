// The state of a host among many with many networks.

#include "bench/many_networks.h"

#include <gtest/gtest.h>

#include "desired/derive.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;

TEST(ContainerNetworks, OfManyHostsAreAllPeersAndEveryOtherOneIsClosed) {
  constexpr std::uint32_t kHosts = 100;
  constexpr std::uint32_t kNetworks = 20;
  inventory::Inventory inventory = load(kTwoHosts);
  inventory.hosts.resize(1);
  inventory.hosts[0].bip.reset();
  for (std::uint32_t i = 1; i < kHosts; ++i) {
    auto host = inventory.hosts[0];
    host.name = "h" + std::to_string(i);
    host.addresses[0].address = model::Address::from_ipv4(0x0a000100U + i);
    inventory.hosts.push_back(host);
  }
  inventory.segments[0].subnet = net("10.0.0.0/16");
  bench::give_networks(inventory, kNetworks);
  auto facts = running_docker();
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(state.firewall->closed.size(), kNetworks / 2);
  EXPECT_EQ(state.firewall->closed[0].peers.size(), kHosts - 1);
  EXPECT_EQ(state.firewall->behind.size(), kNetworks / 2);
}

}  // namespace
}  // namespace overland
