// Whom a probe asks by tunnel.

#include <gmock/gmock.h>

#include "probe/targets.h"
#include "unit/desired/two_sites.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::ElementsAre;

TEST(TunnelTargets, ThoseBehindATunnelAreAskedToo) {
  const auto inventory = load(two_sites());
  std::vector<std::string> names;
  for (const auto& peer : probe::targets(inventory, inventory.hosts[0], {}, false)) {
    names.push_back(peer.name);
    EXPECT_EQ(peer.routers, 0U);
  }
  EXPECT_THAT(names, ElementsAre("n2", "s1", "s2"));
}

TEST(TunnelTargets, NoContainerIsToReachTheOuterAddress) {
  const auto inventory = load(two_sites());
  for (const auto& peer : probe::targets(inventory, inventory.hosts[0], {}, false)) {
    const auto& host = inventory.hosts[*peer.host];
    const bool far = peer.name != "n2";
    EXPECT_EQ(peer.hosts.empty(), far) << peer.name;
    EXPECT_EQ(peer.outer.empty(), !far) << peer.name;
    if (far) {
      EXPECT_THAT(peer.outer, ElementsAre(host.tunnel_address()));
    }
    EXPECT_THAT(peer.bridges, ElementsAre(host.bip->address));
  }
}

TEST(TunnelTargets, NothingStandsBetweenTheEndsOfATunnel) {
  const auto inventory = load(two_sites());
  const auto peers = probe::targets(inventory, inventory.hosts[0], {"s2"}, false);
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_THAT(probe::way_to(inventory, inventory.hosts[0], peers[0]),
              ElementsAre(probe::Station{"s2", addr("10.2.0.12")}));
}

}  // namespace
}  // namespace overland
