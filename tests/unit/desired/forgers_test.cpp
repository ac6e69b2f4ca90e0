// Where containers are kept from sending as other hosts, and as which.

#include <gtest/gtest.h>

#include "desired/firewall.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;

TEST(DeriveFirewall, StopsForgersWhereContainersMayBeAndTheKernelCanTell) {
  auto inventory = load(kTwoHosts);
  auto& router = inventory.hosts[1];
  router.router = true;
  router.bip.reset();
  model::HostFacts facts;
  const auto policy = [&] { return *desired::firewall(inventory, router, facts); };
  EXPECT_FALSE(policy().stops_forgers) << "neither bip nor Docker";
  facts.docker.installed = true;
  EXPECT_TRUE(policy().stops_forgers);
  EXPECT_EQ(policy().others, std::nullopt) << "peer_hosts are hosts and nothing else";
  inventory.segments[0].trust = inventory::Trust::kSubnet;
  EXPECT_EQ(policy().others, std::vector{net("10.0.0.200/32")});
  facts.firewall.no_link_kinds = true;
  EXPECT_FALSE(policy().stops_forgers);
  EXPECT_EQ(policy().others, std::nullopt);
  EXPECT_TRUE(desired::firewall(inventory, inventory.hosts[0], {})->stops_forgers);
}

}  // namespace
}  // namespace overland
