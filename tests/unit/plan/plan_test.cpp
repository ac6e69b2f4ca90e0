#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/describe.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using plan::make_plan;
using plan::Options;
using plan::Plan;

std::vector<std::string> steps(const Plan& plan) {
  std::vector<std::string> lines;
  for (const auto& step : plan.steps) {
    lines.push_back(std::string(1, plan::sign(plan::operation(step))) + " " + plan::resource(step));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Plan, IsEmptyWhereNothingDiffers) {
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), running_docker());
  EXPECT_TRUE(plan.empty());
  EXPECT_FALSE(plan.docker_restart_required);
  EXPECT_TRUE(plan.conflicts().empty());
}

TEST(Plan, BringsAFreshHostUpInTheOrderOfThePackets) {
  const auto plan = make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker());
  EXPECT_EQ(steps(plan), (Lines{"+ firewall", "~ sysctl net.ipv4.ip_forward",
                                "+ route 192.168.200.0/24", "~ docker daemon.json"}));
  EXPECT_TRUE(plan.docker_restart_required);
  EXPECT_EQ(plan.docker_restart_reason, "docker0 has 172.17.0.1/16, bip says 192.168.100.1/24");
}

TEST(Plan, RestartsDockerLastAndOnlyWhenAllowed) {
  const auto plan = make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker(),
                              Options{.restart_docker = true});
  EXPECT_EQ(steps(plan).back(), "! docker");
}

TEST(Plan, NeverRestartsADockerThatDoesNotRun) {
  auto facts = running_docker();
  facts.docker.running = false;
  const auto plan =
      make_plan({two_hosts_fresh()}, two_hosts_desired(), facts, Options{.restart_docker = true});
  EXPECT_FALSE(plan.docker_restart_required);
  EXPECT_EQ(steps(plan).back(), "~ docker daemon.json");
}

TEST(Plan, DoesNotRestartInVainWhereAnotherToolOwnsDaemonJson) {
  auto desired = two_hosts_desired();
  desired.docker->mode = model::DaemonJsonMode::kVerify;
  auto actual = two_hosts_desired();
  actual.docker->keys["bip"] = "\"10.9.9.1/24\"";
  actual.docker->address = iface("10.9.9.1/24");
  const auto plan = make_plan({actual}, desired, running_docker(), Options{.restart_docker = true});
  EXPECT_TRUE(plan.empty());
  EXPECT_TRUE(plan.docker_restart_required);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].resource, "daemon.json bip");
}

TEST(Plan, AsksForARestartWhenKeysWaitToBeRead) {
  model::Observed actual{two_hosts_desired()};
  actual.restart_pending = true;
  EXPECT_TRUE(make_plan(actual, two_hosts_desired(), running_docker()).docker_restart_required);
}

TEST(PlanRoutes, ReplacesRouteWhenGatewayChanges) {
  auto actual = two_hosts_desired();
  actual.routes = {route("192.168.200.0/24", {"10.0.0.99"})};
  const auto plan = make_plan({actual}, two_hosts_desired(), running_docker());
  ASSERT_EQ(steps(plan), Lines{"~ route 192.168.200.0/24"});
  EXPECT_EQ(plan::detail(plan.steps[0]), "via 10.0.0.99 -> via 10.0.0.201");
}

TEST(PlanRoutes, RemovesAfterItCreates) {
  auto actual = two_hosts_desired();
  actual.routes = {route("192.168.150.0/24", {"10.0.0.150"})};
  const auto plan = make_plan({actual}, two_hosts_desired(), running_docker());
  EXPECT_EQ(steps(plan), (Lines{"+ route 192.168.200.0/24", "- route 192.168.150.0/24"}));
}

TEST(PlanRoutes, LeavesAForeignRouteAloneAndReportsIt) {
  auto actual = two_hosts_desired();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/24"), 0, 3, {addr("10.0.0.201")}, "eth0"}};
  const auto plan = make_plan({actual}, two_hosts_desired(), facts);
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].message,
            "somebody else's route holds it: 192.168.200.0/24 via 10.0.0.201 dev eth0 proto boot");
}

TEST(PlanRoutes, AdoptsOnlyWhenAskedAndOursStandsFirst) {
  auto actual = two_hosts_desired();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/24"), 0, 3, {addr("10.0.0.201")}, "eth0"}};
  const auto plan = make_plan({actual}, two_hosts_desired(), facts, Options{.adopt = true});
  EXPECT_EQ(steps(plan), (Lines{"+ route 192.168.200.0/24", "- foreign route 192.168.200.0/24"}));
  EXPECT_TRUE(plan.conflicts().empty());
}

// docker0 before Docker's restart, as the inventory gives its subnet to a peer.
TEST(PlanRoutes, NeverAdoptsTheRouteOfALinksOwnAddress) {
  auto actual = two_hosts_desired();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/24"), 0, 2, {}, "docker0"}};
  const auto plan = make_plan({actual}, two_hosts_desired(), facts, Options{.adopt = true});
  EXPECT_EQ(steps(plan), Lines{});
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts().front().remedy,
            "move that network, or restart Docker where its new bip is due");
}

TEST(PlanRoutes, ReportsAShadowingRouteAndStillMakesOurs) {
  auto actual = two_hosts_desired();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/26"), 0, 2, {}, "br-1234"}};
  const auto plan = make_plan({actual}, two_hosts_desired(), facts, Options{.adopt = true});
  EXPECT_EQ(steps(plan), Lines{"+ route 192.168.200.0/24"});
  ASSERT_EQ(plan.conflicts().size(), 1U);
}

/// docker-200's, with one subnet for it and its peer.
model::HostState with_fallback() {
  auto state = two_hosts_desired();
  state.routes.insert(state.routes.begin(), fallback("192.168.100.0/24"));
  state.routes.push_back(fallback("192.168.200.0/24"));
  return state;
}

TEST(PlanFallback, IsMadeBesideTheRoutesAndTakenAwayWithThem) {
  const auto bare = two_hosts_desired();
  auto nothing = bare;
  nothing.routes.clear();
  EXPECT_EQ(steps(make_plan({nothing}, with_fallback(), running_docker())),
            (Lines{"+ fallback 192.168.100.0/24", "+ route 192.168.200.0/24",
                   "+ fallback 192.168.200.0/24"}));
  const auto away = make_plan({with_fallback()}, bare, running_docker());
  EXPECT_EQ(steps(away), (Lines{"- fallback 192.168.100.0/24", "- fallback 192.168.200.0/24"}));
  EXPECT_EQ(plan::detail(away.steps[0]), "unreachable");
  EXPECT_TRUE(make_plan({with_fallback()}, with_fallback(), running_docker()).in_sync());
}

TEST(PlanFallback, StandsBelowAForeignRouteThatHoldsTheSubnet) {
  auto actual = with_fallback();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/24"), 0, 3, {addr("10.0.0.201")}, "eth0"}};
  const auto left = make_plan({actual}, with_fallback(), facts);
  EXPECT_EQ(steps(left), (Lines{"+ fallback 192.168.100.0/24", "+ fallback 192.168.200.0/24"}));
  EXPECT_EQ(left.conflicts().size(), 1U);
  auto wanted = with_fallback();
  std::erase_if(wanted.routes, [](const auto& one) { return one.gateways.size() == 1; });
  facts.foreign_routes[0].destination = net("192.168.100.0/24");
  const auto adopting = make_plan({wanted}, wanted, facts, Options{.adopt = true});
  EXPECT_TRUE(adopting.steps.empty());  // there is no route of ours to take its place
}

TEST(PlanFallback, NeedsNoNextHop) {
  auto actual = with_fallback();
  actual.routes.clear();
  auto facts = running_docker();
  facts.unreachable = {addr("10.0.0.201")};
  EXPECT_EQ(steps(make_plan({actual}, with_fallback(), facts)),
            (Lines{"+ fallback 192.168.100.0/24", "+ fallback 192.168.200.0/24"}));
}

TEST(PlanFallback, ANetworkOfDockersIsMeasuredAgainstPeersOnly) {
  auto facts = running_docker();
  facts.docker.networks = {{"compose_default", "br-1", {net("192.168.100.128/25")}}};
  EXPECT_TRUE(make_plan({with_fallback()}, with_fallback(), facts).conflicts().empty());
}

TEST(PlanLinks, DoesNotTakeAForeignLinkOfTheSameName) {
  auto desired = two_hosts_desired();
  desired.links = {vlan("eth1", 100, "172.16.10.1/24")};
  auto facts = running_docker();
  facts.links.push_back(link("eth1.100", {}));
  const auto plan = make_plan({two_hosts_desired()}, desired, facts);
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].resource, "link eth1.100");
}

TEST(PlanFirewall, RepairsADefectThoughThePolicyIsEqual) {
  model::Observed actual{two_hosts_desired()};
  actual.defects = {"the jump to OVERLAND-FORWARD is missing from DOCKER-USER"};
  const auto plan = make_plan(actual, two_hosts_desired(), running_docker());
  ASSERT_EQ(steps(plan), Lines{"~ firewall"});
  EXPECT_EQ(plan::detail(plan.steps[0]),
            "the jump to OVERLAND-FORWARD is missing from DOCKER-USER");
}

TEST(PlanConflicts, BridgeSubnetOverANetworkOfTheHost) {
  auto facts = running_docker();
  facts.links.push_back(link("eth1", {"192.168.100.77/28"}));
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].resource, "docker bip");
}

TEST(PlanConflicts, DockersBridgeIsDown) {
  auto facts = running_docker();
  for (auto& one : facts.links) one.up = one.name != "docker0";
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].message, "docker0 is down: nothing reaches the containers here");
  EXPECT_EQ(plan.conflicts()[0].remedy, "ip link set docker0 up");
}

TEST(PlanConflicts, DockerNetworkOverAPeersSubnet) {
  auto facts = running_docker();
  facts.docker.networks = {{"compose_default", "br-1", {net("192.168.192.0/20")}}};
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].resource, "docker network compose_default");
}

TEST(PlanConflicts, PolicyRulesInOneSentence) {
  auto facts = running_docker();
  facts.diversions = {{net("192.168.200.0/24"), 77}, {net("192.168.210.0/24"), 77}};
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].message,
            "somebody else's rule (ip rule) sends past the main table, by table 77, packets to "
            "192.168.200.0/24 and 1 more of the cluster's subnets");
  facts.diversions = {{net("192.168.200.0/24"), 0}};
  EXPECT_EQ(make_plan({two_hosts_desired()}, two_hosts_desired(), facts).conflicts()[0].message,
            "somebody else's rule (ip rule) refuses packets to 192.168.200.0/24");
}

TEST(PlanAdvice, AddressPoolOverAPeersSubnet) {
  auto facts = running_docker();
  facts.docker.address_pools = {net("172.16.0.0/12"), net("192.168.0.0/16")};
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  EXPECT_TRUE(plan.conflicts().empty());
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_EQ(plan.advice()[0].resource, "docker address pool 192.168.0.0/16");
  EXPECT_THAT(plan.advice()[0].remedy, ::testing::HasSubstr("docker.address_pools"));
}

TEST(PlanDocker, AddressPoolsNeedARestartAndAreSaidToBeForNewNetworks) {
  constexpr const char* kPools = R"([{"base":"10.210.0.0/16","size":24}])";
  auto facts = running_docker();
  facts.docker.address_pools = {net("192.168.0.0/16")};
  auto desired = two_hosts_desired();
  desired.docker->keys["default-address-pools"] = kPools;
  const auto plan = make_plan({two_hosts_desired()}, desired, facts);
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(detail(plan.steps[0]), "default-address-pools: not set -> " + std::string(kPools) +
                                       " (for new networks only)");
  EXPECT_TRUE(plan.docker_restart_required);
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_THAT(plan.advice()[0].remedy, ::testing::HasSubstr("restart Docker"));
}

TEST(Plan, NamesWhatTheOldOverlayLeftBehind) {
  auto facts = running_docker();
  facts.docker.retired = {"\"cluster-store\" in /etc/docker/daemon.json"};
  const auto plan = make_plan({two_hosts_desired()}, two_hosts_desired(), facts);
  EXPECT_TRUE(plan.empty() && plan.conflicts().empty());
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_THAT(
      plan.advice()[0].sentence(),
      ::testing::AllOf(::testing::HasSubstr("cluster-store\" in /etc/docker/daemon.json"),
                       ::testing::HasSubstr("Docker 23"), ::testing::HasSubstr("take it out")));
  facts.docker.running = false;
  EXPECT_EQ(make_plan({two_hosts_desired()}, two_hosts_desired(), facts).conflicts().size(), 1U);
}

}  // namespace
}  // namespace overland
