#include "kernel/events.h"

#include <poll.h>

#include "kernel/routes.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using host::Part;
using host::Parts;
using kernel::KernelEvents;
using kernel::RouteTable;
using model::Route;

class KernelEventsTest : public KernelSandbox {
 protected:
  void SetUp() override {
    KernelSandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const std::vector<plan::RouteStep> steps = {create(ours_)};
    ASSERT_FALSE(RouteTable().apply(steps)[0]);
  }
  static bool waits(const KernelEvents& events) {
    pollfd one = {events.fd(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
  }

  Route ours_ = route("192.168.200.0/24", {"10.9.0.2"});
};

TEST_F(KernelEventsTest, ARouteOfOursThatSomebodyRemovesIsNamed) {
  KernelEvents events;
  EXPECT_FALSE(waits(events));
  sh("ip route del 192.168.200.0/24");
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::vector{ours_});
  EXPECT_EQ(events.lost(), std::vector<Route>());
}

TEST_F(KernelEventsTest, WhatWeDoOurselvesTellsNothing) {
  KernelEvents events;
  const std::vector<plan::RouteStep> steps = {remove(ours_),
                                              create(route("192.168.210.0/24", {"10.9.0.3"}))};
  for (const auto& one : RouteTable().apply(steps)) ASSERT_FALSE(one);
  EXPECT_FALSE(events.drain().any());
  EXPECT_EQ(events.lost(), std::vector<Route>());
}

TEST_F(KernelEventsTest, MoreThanALossIsNotOnlyALoss) {
  KernelEvents events;
  sh("ip route del 192.168.200.0/24; ip route add 192.168.201.0/24 via 10.9.0.2 proto 111");
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::nullopt);
}

TEST_F(KernelEventsTest, ALinkThatGoesTakesRoutesAlong) {
  KernelEvents events;
  sh("ip link set lan down");
  const auto parts = events.drain();
  EXPECT_TRUE(parts.has(Part::kLinks));
  EXPECT_TRUE(parts.has(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::nullopt);
}

TEST_F(KernelEventsTest, AddressesAndForwarding) {
  KernelEvents events;
  sh("ip address add 10.8.0.1/24 dev lan");
  EXPECT_TRUE(events.drain().has(Part::kLinks));
  sh("echo 1 > /proc/sys/net/ipv4/ip_forward");
  EXPECT_TRUE(events.drain().has(Part::kSysctls));
}

TEST_F(KernelEventsTest, ForeignRoutesTellNothing) {
  KernelEvents events;
  sh("ip route add 20.0.0.0/8 via 10.9.0.2; ip route replace 20.0.0.0/8 via 10.9.0.3;"
     "ip route add 192.168.200.0/25 via 10.9.0.2; ip route del 20.0.0.0/8");
  // The one that took the place of another; before cover() anywhere.
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  events.lost();
  const std::vector<Route> routes = {ours_};
  events.cover(routes);
  sh("ip route add 20.0.0.0/8 via 10.9.0.2; ip route replace 20.0.0.0/8 via 10.9.0.3;"
     "ip route del 20.0.0.0/8");
  EXPECT_FALSE(waits(events));
}

TEST_F(KernelEventsTest, AForeignRouteInThePlaceOfOursTells) {
  KernelEvents events;
  const std::vector<Route> routes = {ours_, route("192.168.210.0/24", {"10.9.0.2"})};
  events.cover(routes);
  sh("ip route replace 192.168.200.0/24 via 10.9.0.9 metric " + std::to_string(ours_.metric));
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::nullopt);
}

TEST_F(KernelEventsTest, WhatDidNotFitMakesAllOfItDirty) {
  KernelEvents events;
  sh("ip link add flood type veth peer name flooded;"
     "for i in $(seq 6000); do echo link set flood mtu $((1300 + i % 100)); done | ip -batch -");
  const auto parts = events.drain();
  EXPECT_TRUE(parts.has(Part::kRoutes) && parts.has(Part::kLinks) && parts.has(Part::kSysctls));
  EXPECT_EQ(events.lost(), std::nullopt);
  events.drain();
  events.lost();
  sh("ip route del 192.168.200.0/24");
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::vector{ours_});
}

}  // namespace
}  // namespace overland::tests
