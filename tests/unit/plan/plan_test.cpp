#include "plan/plan.h"

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
  EXPECT_EQ(steps(plan), (Lines{"~ sysctl net.ipv4.ip_forward", "+ firewall",
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

TEST(PlanRoutes, ReportsAShadowingRouteAndStillMakesOurs) {
  auto actual = two_hosts_desired();
  actual.routes.clear();
  auto facts = running_docker();
  facts.foreign_routes = {{net("192.168.200.0/26"), 0, 2, {}, "br-1234"}};
  const auto plan = make_plan({actual}, two_hosts_desired(), facts, Options{.adopt = true});
  EXPECT_EQ(steps(plan), Lines{"+ route 192.168.200.0/24"});
  ASSERT_EQ(plan.conflicts().size(), 1U);
}

TEST(PlanPrune, HoldsRemovalsBackAndKeepsOldPeersTrusted) {
  auto actual = two_hosts_desired();
  actual.routes.push_back(route("192.168.210.0/24", {"10.0.0.210"}));
  actual.firewall->peer_subnets.push_back(net("192.168.210.0/24"));
  const auto plan = make_plan({actual}, two_hosts_desired(), running_docker(),
                              Options{.prune = false, .held_reason = "many go"});
  EXPECT_TRUE(plan.empty());
  EXPECT_FALSE(plan.in_sync());
  EXPECT_EQ(plan.held_reason, "many go");
  ASSERT_EQ(plan.held.size(), 2U);
  EXPECT_EQ(plan::detail(plan.held[0]), "peer subnets -192.168.210.0/24");
}

TEST(PlanPrune, WhatALaterRunTakesAwayIsNoDrift) {
  auto actual = two_hosts_desired();
  actual.routes.push_back(route("192.168.210.0/24", {"10.0.0.210"}));
  const auto plan = make_plan({actual}, two_hosts_desired(), running_docker(),
                              Options{.prune = false, .defer = true});
  EXPECT_TRUE(plan.in_sync());
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
}

}  // namespace
}  // namespace overland
