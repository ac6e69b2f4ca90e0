#include "kernel/routes.h"

#include <sched.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>

#include "kernel/default_gateways.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::RouteTable;
using model::Route;
using Routes = KernelSandbox;

std::vector<Route> many(std::size_t count, std::uint32_t distinct_gateways) {
  std::vector<Route> routes;
  for (std::uint32_t i = 0; i < count; ++i) {
    Route made;
    made.destination = model::Prefix(model::Address::from_ipv4(0x14000000U + (i << 8U)), 24);
    made.metric = model::route_metric(made.destination);
    made.gateways = {model::Address::from_ipv4(0x0a090002U + i % distinct_gateways)};
    routes.push_back(made);
  }
  return routes;
}

std::vector<plan::RouteStep> created(const std::vector<Route>& routes) {
  std::vector<plan::RouteStep> steps;
  for (const Route& wanted : routes) steps.push_back(create(wanted));
  return steps;
}

void expect_done(const std::vector<host::Outcome>& outcomes) {
  for (const host::Outcome& outcome : outcomes) {
    if (outcome) {
      ADD_FAILURE() << outcome->what();
      return;
    }
  }
}

int error_of(const host::Outcome& outcome) { return outcome ? outcome->errno_value() : 0; }

TEST_F(Routes, ReadsNothingOnAFreshHost) { EXPECT_TRUE(RouteTable().read().empty()); }

// The kernel makes the main table with its first route, which is lo's.
TEST_F(Routes, ReadsNothingWhereLoIsDown) {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  EXPECT_TRUE(RouteTable().read().empty());
  EXPECT_TRUE(RouteTable().foreign({{prefix("192.168.200.0/24")}}).empty());
  EXPECT_TRUE(kernel::default_gateways().empty());
}

TEST_F(Routes, LeadsByALink) {
  Route wanted = route("10.9.128.0/28", {});
  wanted.link = std::string("lan");
  expect_done(RouteTable().apply(created({wanted})));
  EXPECT_EQ(RouteTable().read(), std::vector{wanted});
  EXPECT_NE(sh("ip route show 10.9.128.0/28").find("dev lan proto 111 scope link"),
            std::string::npos);
  expect_done(RouteTable().apply(created({wanted})));  // it stands already
  sh("ip link add other type bridge; ip link set other up");
  Route moved = wanted;
  moved.link = std::string("other");
  expect_done(RouteTable().apply(std::vector{change(wanted, moved)}));
  EXPECT_EQ(RouteTable().read(), std::vector{moved});
  expect_done(RouteTable().apply(std::vector{remove(moved)}));
  EXPECT_TRUE(RouteTable().read().empty());
  moved.link = std::string("gone");
  EXPECT_NE(error_of(RouteTable().apply(created({moved})).front()), 0);
}

TEST_F(Routes, CreatesWhatItReadsBack) {
  const std::vector<Route> wanted = {route("10.1.0.0/16", {"10.9.0.2"}),
                                     route("192.168.200.0/24", {"10.9.0.3"})};
  expect_done(RouteTable().apply(created(wanted)));
  EXPECT_EQ(RouteTable().read(), wanted);
  EXPECT_NE(sh("ip route show proto 111").find("192.168.200.0/24 via 10.9.0.3 dev lan metric"),
            std::string::npos);
}

TEST_F(Routes, AFallbackTakesWhatNoOtherRouteDoes) {
  const Route below = model::fallback_route(prefix("192.168.200.0/24"));
  const Route above = route("192.168.200.0/24", {"10.9.0.3"});
  sh("ip route add default via 10.9.0.254");
  expect_done(RouteTable().apply(created({above, below})));
  expect_done(RouteTable().apply(created({below})));  // twice is done
  EXPECT_EQ(RouteTable().read(), (std::vector{above, below}));
  EXPECT_NE(sh("ip route get 192.168.200.5").find("via 10.9.0.3"), std::string::npos);
  expect_done(RouteTable().apply(std::vector{remove(above)}));
  EXPECT_NE(sh("ip route get 192.168.200.5 2>&1 || true").find("No route to host"),
            std::string::npos);
  sh("ip route add 192.168.200.0/25 via 10.9.0.7");  // somebody's more specific one wins
  EXPECT_NE(sh("ip route get 192.168.200.5").find("via 10.9.0.7"), std::string::npos);
  sh("ip route del 192.168.200.0/25; ip route add 192.168.200.0/24 via 10.9.0.8 metric 4294967294");
  EXPECT_NE(sh("ip route get 192.168.200.5").find("via 10.9.0.8"), std::string::npos);
  expect_done(RouteTable().apply(std::vector{remove(below)}));
  EXPECT_TRUE(RouteTable().read().empty());
}

TEST_F(Routes, AFallbackStandsBehindAForeignRouteOfTheLastMetric) {
  const Route below = model::fallback_route(prefix("192.168.200.0/24"));
  sh("ip route add 192.168.200.0/24 via 10.9.0.8 metric 4294967295 proto static");
  expect_done(RouteTable().apply(created({below})));
  EXPECT_EQ(RouteTable().read(), std::vector{below});
  EXPECT_NE(sh("ip route get 192.168.200.5").find("via 10.9.0.8"), std::string::npos);
  expect_done(RouteTable().apply(std::vector{remove(below)}));
  EXPECT_EQ(sh("ip route show 192.168.200.0/24"),
            "192.168.200.0/24 via 10.9.0.8 dev lan proto static metric 4294967295 \n");
}

TEST_F(Routes, AFallbackIsNobodysForeignRoute) {
  expect_done(RouteTable().apply(created({model::fallback_route(prefix("192.168.0.0/16"))})));
  EXPECT_TRUE(RouteTable().foreign({{prefix("192.168.0.0/16")}}).empty());
}

TEST_F(Routes, ReadsOnlyOurProtocolInTheMainTable) {
  sh("ip route add 10.1.0.0/16 via 10.9.0.2; ip route add 10.2.0.0/16 via 10.9.0.2 proto 111 table "
     "7");
  EXPECT_TRUE(RouteTable().read().empty());
}

TEST_F(Routes, CreatingTwiceIsDone) {
  const std::vector<Route> wanted = {route("10.1.0.0/16", {"10.9.0.2"})};
  expect_done(RouteTable().apply(created(wanted)));
  expect_done(RouteTable().apply(created(wanted)));
  EXPECT_EQ(RouteTable().read(), wanted);
}

TEST_F(Routes, CreatingOverOursWithAnotherGatewayFails) {
  expect_done(RouteTable().apply(created({route("10.1.0.0/16", {"10.9.0.2"})})));
  const auto outcomes = RouteTable().apply(created({route("10.1.0.0/16", {"10.9.0.3"})}));
  EXPECT_EQ(error_of(outcomes.at(0)), EEXIST);
  EXPECT_EQ(RouteTable().read(), std::vector<Route>({route("10.1.0.0/16", {"10.9.0.2"})}));
}

TEST_F(Routes, NeverTakesAForeignRouteOfTheSameMetric) {
  const Route wanted = route("10.1.0.0/16", {"10.9.0.2"}, 11100);
  sh("ip route add 10.1.0.0/16 via 10.9.0.9 metric 11100 proto static");
  const auto outcomes = RouteTable().apply(created({wanted}));
  EXPECT_EQ(error_of(outcomes.at(0)), EEXIST);
  // Not even where the foreign one took the place of ours since we looked.
  const Route moved = route("10.1.0.0/16", {"10.9.0.3"}, 11100);
  expect_done(RouteTable().apply(std::vector{change(wanted, moved)}));
  expect_done(RouteTable().apply(std::vector{remove(moved), remove(wanted)}));
  EXPECT_EQ(sh("ip route show 10.1.0.0/16"),
            "10.1.0.0/16 via 10.9.0.9 dev lan proto static metric 11100 \n");
}

TEST_F(Routes, ChangesTheGateway) {
  const Route before = route("10.1.0.0/16", {"10.9.0.2"});
  const Route after = route("10.1.0.0/16", {"10.9.0.3"});
  expect_done(RouteTable().apply(created({before})));
  expect_done(RouteTable().apply(std::vector{change(before, after)}));
  EXPECT_EQ(RouteTable().read(), std::vector{after});
}

TEST_F(Routes, KeepsTheOldGatewayWhereTheNewOneIsRefused) {
  const Route before = route("10.1.0.0/16", {"10.9.0.2"});
  const Route after = route("10.1.0.0/16", {"10.77.0.3"});
  expect_done(RouteTable().apply(created({before})));
  const auto outcomes = RouteTable().apply(std::vector{change(before, after)});
  EXPECT_EQ(error_of(outcomes.at(0)), ENETUNREACH);
  EXPECT_EQ(RouteTable().read(), std::vector{before});
}

TEST_F(Routes, AChangeThatWasCutShortIsFinishedByTheNextOne) {
  const Route before = route("10.1.0.0/16", {"10.9.0.2"});
  const Route after = route("10.1.0.0/16", {"10.9.0.3"});
  expect_done(RouteTable().apply(created({before})));
  sh("ip route append 10.1.0.0/16 via 10.9.0.3 proto 111 metric " + std::to_string(after.metric));
  EXPECT_EQ(RouteTable().read(), std::vector{before});
  expect_done(RouteTable().apply(std::vector{change(before, after)}));
  EXPECT_EQ(RouteTable().read(), std::vector{after});
}

TEST_F(Routes, AStepThatChangesNothingKeepsTheRoute) {
  const Route same = route("10.1.0.0/16", {"10.9.0.2"});
  expect_done(RouteTable().apply(created({same})));
  expect_done(RouteTable().apply(std::vector{change(same, same)}));
  EXPECT_EQ(RouteTable().read(), std::vector{same});
}

TEST_F(Routes, RemovingWhatIsGoneIsDone) {
  const Route gone = route("10.1.0.0/16", {"10.9.0.2"});
  expect_done(RouteTable().apply(std::vector{remove(gone)}));
  expect_done(
      RouteTable().apply(std::vector{remove(route("10.1.0.0/16", {"10.9.0.2", "10.9.0.3"}))}));
}

TEST_F(Routes, SaysWhichGatewayIsNotOnLink) {
  const auto outcomes = RouteTable().apply(
      created({route("10.1.0.0/16", {"10.9.0.2"}), route("10.2.0.0/16", {"172.31.0.1"}),
               route("10.3.0.0/16", {"10.9.0.2"})}));
  EXPECT_FALSE(outcomes.at(0));
  EXPECT_FALSE(outcomes.at(2));
  ASSERT_TRUE(outcomes.at(1));
  EXPECT_EQ(outcomes[1]->errno_value(), ENETUNREACH);
  EXPECT_NE(std::string(outcomes[1]->what()).find("gateway 172.31.0.1 is not on-link now"),
            std::string::npos)
      << outcomes[1]->what();
}

TEST_F(Routes, FailsClearlyWhenTheLinkWentBetween) {
  const Route wanted = route("10.1.0.0/16", {"10.9.0.2"});
  expect_done(RouteTable().apply(created({wanted})));
  sh("ip link del lan");
  EXPECT_TRUE(RouteTable().read().empty());
  expect_done(RouteTable().apply(std::vector{remove(wanted)}));
  EXPECT_EQ(error_of(RouteTable().apply(created({wanted})).at(0)), ENETUNREACH);
}

TEST_F(Routes, CreatesChangesAndRemovesMultipath) {
  const Route two = route("10.1.0.0/16", {"10.9.0.2", "10.9.0.3"});
  const Route three = route("10.1.0.0/16", {"10.9.0.2", "10.9.0.3", "10.9.0.4"});
  expect_done(RouteTable().apply(created({two})));
  EXPECT_EQ(RouteTable().read(), std::vector{two});
  expect_done(RouteTable().apply(std::vector{change(two, three)}));
  EXPECT_EQ(RouteTable().read(), std::vector{three});
  expect_done(RouteTable().apply(std::vector{remove(three)}));
  EXPECT_TRUE(RouteTable().read().empty());
}

TEST_F(Routes, HealsMultipathOfAnotherOrderAndWeight) {
  sh("ip route add 10.1.0.0/16 proto 111 metric 11100"
     " nexthop via 10.9.0.3 weight 2 nexthop via 10.9.0.2");
  const Route found = route("10.1.0.0/16", {"10.9.0.2", "10.9.0.3", "10.9.0.3"}, 11100);
  const Route wanted = route("10.1.0.0/16", {"10.9.0.2", "10.9.0.3"}, 11100);
  EXPECT_EQ(RouteTable().read(), std::vector{found});
  expect_done(RouteTable().apply(std::vector{change(found, wanted)}));
  EXPECT_EQ(RouteTable().read(), std::vector{wanted});
}

TEST_F(Routes, InstallsTenThousandAndRemovesThem) {
  const std::vector<Route> wanted = many(10000, 5000);
  expect_done(RouteTable().apply(created(wanted)));
  EXPECT_EQ(RouteTable().read(), wanted);
  std::vector<plan::RouteStep> steps;
  for (const Route& old : wanted) steps.push_back(remove(old));
  expect_done(RouteTable().apply(steps));
  EXPECT_TRUE(RouteTable().read().empty());
}

TEST_F(Routes, EveryStepOfLargeBatchesMayFail) {
  std::vector<Route> wanted = many(1000, 50);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i % 3 != 0) wanted[i].gateways = {model::Address::from_ipv4(0x0b000001)};
  }
  const auto outcomes = RouteTable().apply(created(wanted));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(error_of(outcomes.at(i)), i % 3 != 0 ? ENETUNREACH : 0) << i;
  }
}

TEST_F(Routes, ReadsEveryStandingRouteWhileOthersChange) {
  const std::vector<Route> standing = many(4000, 100);
  expect_done(RouteTable().apply(created(standing)));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const std::vector<Route> all = many(8000, 100);
    const std::vector<Route> coming(all.begin() + 4000, all.end());
    std::vector<plan::RouteStep> removals;
    for (const Route& old : coming) removals.push_back(remove(old));
    while (!stop) {
      RouteTable().apply(created(coming));
      RouteTable().apply(removals);
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::vector<Route> seen = RouteTable().read();
    EXPECT_TRUE(std::includes(seen.begin(), seen.end(), standing.begin(), standing.end()));
  }
  stop = true;
  writer.join();
}

TEST_F(Routes, WithoutPrivilegeEachStepIsRefused) {
  ASSERT_EQ(::unshare(CLONE_NEWUSER), 0);  // no capability in the namespace's owner any more
  const auto outcomes = RouteTable().apply(created({route("10.1.0.0/16", {"10.9.0.2"})}));
  ASSERT_TRUE(outcomes.at(0));
  EXPECT_EQ(outcomes[0]->kind(), base::ErrorKind::kPrivilege);
}

}  // namespace
}  // namespace overland::tests
