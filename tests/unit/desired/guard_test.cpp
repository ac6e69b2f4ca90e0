// Where this host drops what nobody lets through.

#include "desired/guard.h"

#include <gtest/gtest.h>

#include <functional>

#include "desired/derive.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using model::FirewallGuard;
using model::Forwarding;

const char* const kRouter = R"(
version = 1
[[segment]]
name = "one"
subnet = "10.0.0.0/24"
[[segment]]
name = "two"
subnet = "10.0.1.0/24"
[[host]]
name = "a"
address = "10.0.0.10"
bip = "192.168.1.1/24"
[[host]]
name = "router"
router = true
address = ["10.0.0.1", "10.0.1.1"]
)";

FirewallGuard guard_in(const model::HostState& state) {
  EXPECT_TRUE(state.firewall.has_value());
  return state.firewall->guard;
}

/// The guard of the router, by who turned forwarding on.
FirewallGuard guard_of(Forwarding forwarding, const std::string& key = "",
                       const std::function<void(model::HostFacts&)>& also = {}) {
  const auto inventory = load(std::string(kRouter) + key);
  model::HostFacts facts;
  facts.links = {link("eth0", {"10.0.0.1/24"}), link("eth1", {"10.0.1.1/24"})};
  facts.firewall.variant = model::FirewallVariant::kNft;
  facts.forwarding = forwarding;
  if (also) also(facts);
  return guard_in(desired::derive(inventory, inventory.hosts[1], facts));
}

TEST(Guard, StandsWhereWeTurnForwardingOn) {
  EXPECT_EQ(guard_of(Forwarding::kOff), FirewallGuard::kChain);
  EXPECT_EQ(guard_of(Forwarding::kOurs), FirewallGuard::kChain);
  EXPECT_EQ(guard_of(Forwarding::kForeign), FirewallGuard::kNone);
  EXPECT_EQ(guard_of(Forwarding::kForgotten), FirewallGuard::kChain);
}

TEST(Guard, IsAsTheInventorySays) {
  EXPECT_EQ(guard_of(Forwarding::kForeign, "guard = \"on\"\n"), FirewallGuard::kChain);
  EXPECT_EQ(guard_of(Forwarding::kOurs, "guard = \"off\"\n"), FirewallGuard::kNone);
  EXPECT_EQ(guard_of(Forwarding::kOurs, "[firewall]\nguard = \"off\"\n"), FirewallGuard::kNone);
}

TEST(Guard, IsDockersBesideDocker) {
  const auto installed = [](model::HostFacts& facts) { facts.docker.installed = true; };
  EXPECT_EQ(guard_of(Forwarding::kOff, "", installed), FirewallGuard::kForwardPolicy);
  const auto told_not_to = [](model::HostFacts& facts) {
    facts.docker.installed = true;
    facts.docker.drops_forwarded = false;
  };
  EXPECT_EQ(guard_of(Forwarding::kOurs, "", told_not_to), FirewallGuard::kNone);
  EXPECT_EQ(guard_of(Forwarding::kOurs, "guard = \"on\"\n", told_not_to),
            FirewallGuard::kForwardPolicy);
  const auto nftables = [](model::HostFacts& facts) {
    facts.docker.installed = true;
    facts.firewall.docker_nft_backend = true;
  };
  EXPECT_EQ(guard_of(Forwarding::kOurs, "", nftables), FirewallGuard::kChain);
  EXPECT_EQ(guard_of(Forwarding::kForeign, "", nftables), FirewallGuard::kNone);
}

TEST(Guard, IsLeftToADockerdThatTurnsForwardingOnItself) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.running = false;
  facts.forwarding = Forwarding::kOff;
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(guard_in(state), FirewallGuard::kNone);
  facts.docker.installed = false;
  const auto bare = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(guard_in(bare), FirewallGuard::kChain) << "nobody else does";
}

}  // namespace
}  // namespace overland
