#include "kernel/routing_sum.h"

#include <gtest/gtest.h>

#include "kernel/routes.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::routing_sum;

class RoutingSum : public KernelSandbox {
 protected:
  void SetUp() override {
    KernelSandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    kernel::RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"})),
                                           create(route("10.2.0.0/24", {"10.9.0.2"}))});
    before_ = routing_sum(7);
    ASSERT_TRUE(before_);
  }

  /// Whether `command` makes another sum.
  bool sees(const std::string& command) {
    sh(command);
    return routing_sum(7) != before_;
  }

  std::optional<std::uint64_t> before_;
};

TEST_F(RoutingSum, IsTheSameWhileNothingChanges) {
  EXPECT_EQ(routing_sum(7), before_);
  EXPECT_NE(routing_sum(8), before_);
}

TEST_F(RoutingSum, IsTheSameAgainWhereARouteWasPutBack) {
  EXPECT_TRUE(sees("ip route del 10.1.0.0/24"));
  kernel::RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"}))});
  EXPECT_EQ(routing_sum(7), before_);
}

TEST_F(RoutingSum, SeesAForeignRouteOfAnyTable) {
  EXPECT_TRUE(sees("ip route add 10.1.0.0/25 via 10.9.0.3"));
  sh("ip route del 10.1.0.0/25 via 10.9.0.3");
  EXPECT_FALSE(sees("true"));
  EXPECT_TRUE(sees("ip route add 10.1.0.0/25 via 10.9.0.3 table 77"));
}

TEST_F(RoutingSum, SeesAPolicyRuleAndItsPlace) {
  EXPECT_TRUE(sees("ip rule add pref 100 from 10.3.0.0/24 lookup 77"));
  before_ = routing_sum(7);
  EXPECT_TRUE(sees("ip rule del pref 100; ip rule add pref 101 from 10.3.0.0/24 lookup 77"));
}

TEST_F(RoutingSum, SeesAnotherGatewayAndALinkThatIsDown) {
  EXPECT_TRUE(sees("ip route change 10.1.0.0/24 via 10.9.0.3 proto 111 metric " +
                   std::to_string(model::route_metric(prefix("10.1.0.0/24")))));
  before_ = routing_sum(7);
  // Of which the kernel tells the other end a little later.
  EXPECT_TRUE(
      sees("ip link set peer down; until ip link show lan | grep -q NO-CARRIER; do"
           " sleep 0.01; done"));
}

TEST_F(RoutingSum, GivesUpOnARoutingDaemonsTable) {
  sh("for i in $(seq 0 4200); do echo route add 20.$((i / 256)).$((i % 256)).0/24 via 10.9.0.3;"
     " done | ip -batch -");
  EXPECT_EQ(routing_sum(7), std::nullopt);
}

TEST_F(RoutingSum, EveryNetworkNamespaceHasItsName) {
  const auto here = kernel::network_namespace();
  EXPECT_EQ(here, kernel::network_namespace());
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  EXPECT_NE(here, kernel::network_namespace());
}

}  // namespace
}  // namespace overland::tests
