// Docker networks that change in use: who is put on them, what is finished, and in which turn.

#include "unit/plan/network_plan.h"

namespace overland {
namespace {

using namespace tests;

TEST_F(PlanNetwork, OneThatWasBegunIsFinishedUnasked) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"), {"web"});
  const model::NetworkMember db{.id = "id of db", .name = "db"};
  facts.missing_members = {{"app", {db}}};
  auto plan = planned();
  ASSERT_EQ(plan.steps.size(), 1U);
  const auto& step = std::get<NetworkStep>(plan.steps[0]);
  EXPECT_TRUE(step.members);
  EXPECT_EQ(step.moved->members.size(), 2U) << "who is on it still, too";

  actual.state.networks.clear();
  facts.docker.networks.clear();
  plan = planned();
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(std::get<NetworkStep>(plan.steps[0]).moved->members, std::vector{db});

  stands(desired.networks[0]);
  facts.missing_members = {{"app", {db}, {"gone"}}};
  plan = planned();
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_TRUE(std::get<NetworkStep>(plan.steps[0]).only_connects());
  EXPECT_EQ(plan::detail(plan.steps[0]),
            "bridge 192.168.110.0/24, link br-app; connected again: db; was on it, and is no more: "
            "gone");
}

TEST_F(PlanNetwork, WhoseAddressWouldBeRefusedIsToldBeforeAnythingIsDone) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(bridge("app", "192.168.111.0/24"), {"db", "web"});
  (*facts.docker.networks[0].members)[1].address = addr("192.168.111.9");
  for (const bool asked : {false, true}) {
    const auto plan = planned({.recreate_networks = asked});
    EXPECT_TRUE(plan.empty());
    EXPECT_EQ(plan.held.size(), 1U);
    ASSERT_EQ(plan.advice().size(), 1U);
    EXPECT_NE(plan.advice()[0].message.find("web (192.168.111.9)"), std::string::npos);
    EXPECT_NE(plan.advice()[0].remedy.find("disconnect app web"), std::string::npos);
  }
  (*facts.docker.networks[0].members)[1].address = addr("192.168.110.9");
  EXPECT_EQ(planned({.recreate_networks = true}).steps.size(), 1U);
}

TEST_F(PlanNetwork, TwoThatSwapTheirSubnetsAreMadeInTurn) {
  const auto swapped =
      std::vector{bridge("a", "192.168.111.0/24"), bridge("b", "192.168.110.0/24")};
  for (const bool used : {false, true}) {
    actual.state.networks.clear();
    facts.docker.networks.clear();
    const auto users = used ? std::vector<std::string>{"web"} : std::vector<std::string>();
    stands(bridge("a", "192.168.110.0/24"), users);
    stands(bridge("b", "192.168.111.0/24"), users);
    desired.networks = swapped;
    EXPECT_EQ(planned().held.size(), used ? 2U : 0U);
    const auto plan = planned({.recreate_networks = used});
    ASSERT_EQ(plan.steps.size(), 3U);
    std::vector<plan::Operation> order;
    for (const auto& step : plan.steps) order.push_back(plan::operation(step));
    EXPECT_EQ(order, (std::vector{plan::Operation::kRemove, plan::Operation::kChange,
                                  plan::Operation::kCreate}));
    EXPECT_EQ(plan::resource(plan.steps[1]), "network b");
    EXPECT_EQ(plan::simulate(actual.state, plan.steps).networks, swapped);
    const auto& made = std::get<NetworkStep>(plan.steps[2]);
    EXPECT_EQ(made.moved ? made.moved->members.size() : 0U, used ? 1U : 0U);
  }
}

TEST_F(PlanNetwork, TwoThatSwapTheirParentsAreMadeInTurnWhereDockerTakesOneAParent) {
  const auto on = [](const char* a, const char* b) {
    return std::vector{macvlan("a", "172.30.9.0/24", a), macvlan("b", "172.30.10.0/24", b)};
  };
  for (const auto& one : on("par0", "par1")) stands(one, {"web"});
  desired.networks = on("par1", "par0");
  for (const bool old : {false, true}) {
    facts.docker.version = old ? "20.10.24" : "28.5.2";
    const auto plan = planned({.recreate_networks = true});
    EXPECT_EQ(plan.steps.size(), old ? 3U : 2U);
    EXPECT_EQ(plan::simulate(actual.state, plan.steps).networks, desired.networks);
  }
  desired.networks = on("par1", "par2");
  const auto plan = planned({.recreate_networks = true});
  ASSERT_EQ(plan.steps.size(), 2U);
  EXPECT_EQ(plan::resource(plan.steps[0]), "network b") << "a needs the parent that b leaves";
}

TEST_F(PlanNetwork, OneThatNeedsTheParentOfOneThatStaysWaits) {
  stands(macvlan("a", "172.30.9.0/24", "par0"), {"web"});
  desired.networks = {macvlan("a", "172.30.9.0/24", "par1"),
                      macvlan("b", "172.30.10.0/24", "par0")};
  facts.docker.version = "20.10.24";
  const auto plan = planned();
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.advice().size(), 2U);
  EXPECT_EQ(plan.advice()[1].message, "waits for network a, which still has link par0");
}

TEST_F(PlanNetwork, TheOldParentGoesAfterTheNetworkThatLeavesIt) {
  const auto from = vlan("eth1", 10, "172.16.10.9/24");
  const auto to = vlan("eth1", 20, "172.16.20.9/24");
  actual.state.links = {from};
  desired.links = {to};
  stands(macvlan("mv", "172.30.9.0/24", "eth1.10"), {"web"});
  desired.networks = {macvlan("mv", "172.30.9.0/24", "eth1.20")};
  const auto plan = planned({.recreate_networks = true});
  std::vector<std::string> order;
  for (const auto& step : plan.steps) order.push_back(plan::resource(step));
  EXPECT_EQ(order, (std::vector<std::string>{"link eth1.20", "network mv", "link eth1.10"}));
  EXPECT_EQ(planned().held.size(), 2U) << "its containers would go with their link";
}

TEST_F(PlanNetwork, OneThatNeedsTheSubnetOfOneThatStaysWaits) {
  stands(bridge("a", "192.168.110.0/24"), {"web"});
  desired.networks = {bridge("a", "192.168.111.0/24"), bridge("b", "192.168.110.0/24")};
  const auto plan = planned();
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.advice().size(), 2U);
  EXPECT_EQ(plan.advice()[1].message, "waits for network a, which still has 192.168.110.0/24");
}

TEST_F(PlanNetwork, BesideAnothersOfItsNameItIsNotTakenAway) {
  desired.networks = {bridge("app", "192.168.110.0/24")};
  stands(desired.networks[0], {"web"});
  facts.docker.networks.insert(facts.docker.networks.begin(),
                               foreign_network("app", "10.9.0.0/24"));
  EXPECT_TRUE(planned().in_sync());
  desired.networks = {bridge("app", "192.168.111.0/24")};
  const auto plan = planned({.recreate_networks = true});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.held.size(), 1U);
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_NE(plan.conflicts()[0].message.find("a second network of that name"), std::string::npos);
}

TEST_F(PlanNetwork, ItsOwnRouteIsNobodyElses) {
  stands(bridge("app", "192.168.200.0/24"), {"web"});
  desired.networks = {bridge("app", "192.168.110.0/24")};
  const auto peer = desired.routes.front().destination;
  model::ForeignRoute own;
  own.destination = peer;
  own.protocol = 2;
  own.link = "br-app";
  facts.foreign_routes = {own};
  EXPECT_TRUE(planned().conflicts().empty());
  facts.docker.networks[0].ours.reset();
  EXPECT_FALSE(planned().conflicts().empty());
}

}  // namespace
}  // namespace overland
