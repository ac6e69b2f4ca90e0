// Docker networks: what is made, made anew, removed, held, and left alone.

#include "plan/render.h"
#include "unit/plan/network_plan.h"

namespace overland {
namespace {

using namespace tests;
TEST_F(PlanNetwork, AMissingOneIsMadeAfterDockersRestart) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  actual.state.docker->address.reset();
  const auto plan = planned({.restart_docker = true});
  ASSERT_EQ(plan.steps.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<plan::RestartDockerStep>(plan.steps[0]));
  EXPECT_EQ(plan::resource(plan.steps[1]), "network app");
  EXPECT_EQ(plan::detail(plan.steps[1]), "bridge 192.168.110.0/24, link br-app");
  EXPECT_EQ(plan::operation(plan.steps[1]), plan::Operation::kCreate);
  EXPECT_STREQ(plan::kind(plan.steps[1]), "network");
}

TEST_F(PlanNetwork, ItsParentWaitsWhileContainersKeepIt) {
  actual.state.links = {{"eth0.10", "eth0", 10, model::kNoAddress}};
  stands(macvlan("mv", "172.16.10.0/24", "eth0.10"), {"web"});
  for (const Options& options : {Options{}, Options{.hold = false}}) {
    const auto plan = planned(options);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(plan.held.size(), 2U);
  }
  const auto plan = planned({.prune = true, .evict = true});
  ASSERT_EQ(plan.steps.size(), 2U);
  EXPECT_EQ(plan::resource(plan.steps[0]), "network mv");
  EXPECT_EQ(plan::resource(plan.steps[1]), "link eth0.10");
}

TEST_F(PlanNetwork, WhatStandsAsWantedIsLeftAlone) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(desired.networks[0], {"web"});
  EXPECT_TRUE(planned({.recreate_networks = true}).in_sync());
}

TEST_F(PlanNetwork, AnUnusedOneIsMadeAnewWhereItChanges) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"));
  const auto plan = planned();
  ASSERT_EQ(plan.steps.size(), 1U);
  const auto& step = std::get<NetworkStep>(plan.steps[0]);
  EXPECT_FALSE(step.members);
  EXPECT_EQ(plan::detail(plan.steps[0]),
            "bridge 192.168.111.0/24, link br-app -> bridge 192.168.110.0/24, link br-app");
}

TEST_F(PlanNetwork, AUsedOneThatChangesIsHeldWithTheRemedy) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"), {"db", "web"});
  const auto plan = planned();
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.held.size(), 1U);
  EXPECT_FALSE(plan.held_for_prune());
  EXPECT_TRUE(plan.prunes) << "nothing else waits for it";
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_EQ(plan.advice()[0].message,
            "db, web use it, and a network cannot be changed while it is used");
  EXPECT_NE(plan.advice()[0].remedy.find("apply --recreate-networks"), std::string::npos);
  EXPECT_EQ(plan::render_summary(plan).find("--prune"), std::string::npos);
}

TEST_F(PlanNetwork, WhereItWasAskedForItsContainersAreTakenAlong) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"), {"web"});
  const auto plan = planned({.recreate_networks = true});
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_TRUE(std::get<NetworkStep>(plan.steps[0]).members);
  EXPECT_TRUE(plan.held.empty());
}

TEST_F(PlanNetwork, WhoUsesItIsNotGuessed) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"));
  facts.docker.networks[0].members.reset();
  EXPECT_TRUE(planned().empty());
  EXPECT_EQ(planned().held.size(), 1U);
}

TEST_F(PlanNetwork, OneThatGoesGoesBeforeItsParentUnlessItIsUsed) {
  const auto parent = vlan("eth1", 10, "172.16.10.9/24");
  actual.state.links = {parent};
  stands(macvlan("mv10", "172.16.10.0/24", "eth1.10"));
  const auto plan = planned();
  ASSERT_EQ(plan.steps.size(), 2U);
  EXPECT_EQ(plan::resource(plan.steps[0]), "network mv10");
  EXPECT_EQ(plan::resource(plan.steps[1]), "link eth1.10");

  facts.docker.networks = {in_docker(actual.state.networks[0], {"web"})};
  EXPECT_EQ(planned().held.size(), 2U) << "its containers would go with their link";
  EXPECT_TRUE(planned().held_for_prune());
  const auto evicts = planned({.evict = true});
  EXPECT_TRUE(std::get<NetworkStep>(evicts.steps[0]).members);
}

TEST_F(PlanNetwork, NeitherIsRemovedWhileNothingIs) {
  stands(bridge("app", "192.168.110.0/24"));
  const auto plan = planned({.prune = false, .held_reason = "many go"});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.held.size(), 1U);
}

TEST_F(PlanNetwork, AnothersOfThatNameOrOverThatSubnetIsAConflict) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  for (const auto& other :
       {foreign_network("app", "10.9.0.0/24"), foreign_network("other", "192.168.110.0/25")}) {
    facts.docker.networks = {other};
    const auto plan = planned({.evict = true});
    EXPECT_TRUE(plan.empty());
    ASSERT_EQ(plan.conflicts().size(), 1U);
    EXPECT_EQ(plan.conflicts()[0].resource, "network app");
  }
}

TEST_F(PlanNetwork, OneThatIsFollowedIsOnlyCompared) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  desired.networks[0].maker = model::NetworkMaker::kOthers;
  EXPECT_EQ(planned().conflicts().size(), 1U) << "is not there";
  facts.docker.networks = {foreign_network("app", "192.168.111.0/24")};
  ASSERT_EQ(planned().conflicts().size(), 1U) << "another subnet";
  EXPECT_EQ(planned().conflicts()[0].message,
            "is bridge 192.168.111.0/24, the inventory says bridge 192.168.110.0/24");
  facts.docker.networks = {foreign_network("app", "192.168.110.0/24")};
  EXPECT_TRUE(planned().in_sync());
}

TEST_F(PlanNetwork, WhileDockerIsNotAskedNothingIsSaidOfThemAndAllElseGoesOn) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  actual.networks_unread = true;
  actual.state.routes = {route("192.168.150.0/24", {"10.0.0.150"})};
  const auto plan = planned();
  EXPECT_TRUE(plan.prunes);
  EXPECT_EQ(plan.steps.size(), 2U) << "one route comes, one goes";
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_EQ(plan.advice()[0].resource, "networks");
  EXPECT_TRUE(planned({.prune = false, .defer = true}).advice().empty()) << "Docker starts later";
}

TEST_F(PlanNetwork, OneThatDoesNotFitWaits) {
  desired.networks = {macvlan("mv10", "172.16.10.0/24", "eth1.10")};
  facts.waiting_networks = {"mv10"};
  EXPECT_TRUE(planned().empty());
}

TEST_F(PlanNetwork, OneThatLostItsParentIsMadeAnew) {
  desired.networks = {macvlan("mv10", "172.16.10.0/24", "eth1.10")};
  stands(desired.networks[0], {"web"});
  facts.broken_networks = {"mv10"};
  EXPECT_EQ(planned().held.size(), 1U);
  EXPECT_NE(planned().advice().at(0).message.find("lost its parent"), std::string::npos);
  const auto plan = planned({.recreate_networks = true});
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan::detail(plan.steps[0]),
            "macvlan 172.16.10.0/24, on eth1.10, made anew; containers are connected again");
  EXPECT_EQ(plan::simulate(actual.state, plan.steps), actual.state);
}

TEST_F(PlanNetwork, APurgeNamesWhatItCannotTake) {
  stands(bridge("app", "192.168.110.0/24"), {"web"});
  const auto plan = planned({.hold = false});
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.advice().size(), 1U);
  EXPECT_NE(plan.advice()[0].remedy.find("docker network disconnect -f app"), std::string::npos);
}

TEST_F(PlanNetwork, UndoneItIsAsBefore) {
  desired.networks = {bridge("app", "192.168.110.0/24"), bridge("new", "192.168.112.0/24")};
  stands(bridge("app", "192.168.111.0/24"), {"web"});
  stands(bridge("gone", "192.168.113.0/24"));
  const auto plan = planned({.recreate_networks = true});
  EXPECT_EQ(plan.steps.size(), 3U);
  const auto after = plan::simulate(actual.state, plan.steps);
  EXPECT_EQ(after.networks, desired.networks);
  const auto back = plan::reverse(plan.steps);
  EXPECT_EQ(plan::simulate(after, back), actual.state);
  for (const auto& step : back) {
    if (const auto& one = std::get<NetworkStep>(step); one.to && one.from) {
      EXPECT_TRUE(one.members);
    }
  }
}

}  // namespace
}  // namespace overland
