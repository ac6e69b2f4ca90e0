// What a plan holds back, and what stays trusted meanwhile.

#include <gtest/gtest.h>

#include "plan/describe.h"
#include "plan/plan.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using plan::make_plan;
using plan::Options;

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

TEST(PlanPrune, EveryLinkGoesOnBelievingWhomItDid) {
  auto actual = two_hosts_desired();
  actual.firewall->peer_subnets = {net("192.168.200.0/24"), net("192.168.210.0/24")};
  actual.firewall->ingress = {{"eth0"}, {"eth1", std::vector{net("192.168.210.0/24")}, {}, {}}};
  auto desired = two_hosts_desired();  // eth1 is none, and 192.168.210.0/24 is gone
  desired.firewall->peer_subnets = {net("192.168.200.0/24"), net("192.168.220.0/24")};
  desired.firewall->ingress = {{"eth0", std::vector{net("192.168.220.0/24")}, {}, {}}};
  const auto plan = make_plan({actual}, desired, running_docker(),
                              Options{.prune = false, .held_reason = "many go"});
  ASSERT_EQ(plan.steps.size(), 1U);
  const auto& wanted = *std::get<plan::FirewallStep>(plan.steps[0]).to;
  EXPECT_EQ(wanted.ingress, (std::vector<model::Ingress>{
                                {"eth0"}, {"eth1", std::vector{net("192.168.210.0/24")}, {}, {}}}));
  EXPECT_EQ(plan::detail(plan.steps[0]), "peer subnets +192.168.220.0/24");
  EXPECT_EQ(plan::detail(plan.held[0]),
            "peer subnets -192.168.210.0/24\nunderlay links: eth0\n"
            "eth0 believes peer subnets -192.168.200.0/24 -192.168.210.0/24");
}

TEST(PlanTrust, WhatAnUpgradeWouldTakeAwayIsHeldByName) {
  auto desired = two_hosts_desired();
  desired.firewall->peer_hosts = {net("10.0.0.201/32"), net("172.16.10.0/23")};
  const Options options{.held_trust = {net("172.16.10.0/24"), net("172.16.11.0/24")},
                        .pruned_firewall = two_hosts_policy()};
  const auto plan = make_plan({desired}, desired, running_docker(), options);
  EXPECT_TRUE(plan.empty());
  EXPECT_FALSE(plan.in_sync());
  EXPECT_TRUE(plan.prunes);
  ASSERT_EQ(plan.held.size(), 1U);
  EXPECT_EQ(plan::detail(plan.held[0]), "peer hosts -172.16.10.0/23");
  EXPECT_NE(plan.held_reason.find("172.16.10.0/24, 172.16.11.0/24"), std::string::npos);
  EXPECT_NE(plan.held_reason.find("trust = \"subnet\""), std::string::npos) << plan.held_reason;
}

TEST(PlanTrust, IsPutBackWhereTheRulesAreGone) {
  auto desired = two_hosts_desired();
  desired.firewall->peer_hosts = {net("10.0.0.201/32"), net("172.16.10.0/24")};
  auto actual = desired;
  actual.firewall.reset();
  const auto plan = make_plan(
      {actual}, desired, running_docker(),
      Options{.held_trust = {net("172.16.10.0/24")}, .pruned_firewall = two_hosts_policy()});
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan::simulate(actual, plan.steps), desired);
}

/// The peer had 192.168.201.0/24 before its bip changed; what it has now merges with that.
model::HostState with_the_old_bip() {
  auto desired = two_hosts_desired();
  desired.routes.push_back(route("192.168.201.0/24", {"10.0.0.201"}));
  desired.firewall->peer_subnets = {net("192.168.200.0/23")};
  return desired;
}

const Options kOldBip{.held_subnets = {{"docker-201", net("192.168.201.0/24")},
                                       {"docker-200", net("192.168.99.0/24")}},
                      .pruned_firewall = two_hosts_policy()};

TEST(PlanBip, WhatAHostHadBeforeIsHeldByHostAndPrefix) {
  const auto desired = with_the_old_bip();
  const auto plan = make_plan({desired}, desired, running_docker(), kOldBip);
  EXPECT_TRUE(plan.empty());
  EXPECT_FALSE(plan.in_sync());
  EXPECT_TRUE(plan.prunes);
  ASSERT_EQ(plan.held.size(), 2U);
  EXPECT_EQ(plan::detail(plan.held[0]), "peer subnets +192.168.200.0/24 -192.168.200.0/23");
  EXPECT_EQ(plan::resource(plan.held[1]), "route 192.168.201.0/24");
  EXPECT_NE(plan.held_reason.find("docker-201 (was in 192.168.201.0/24)"), std::string::npos);
  EXPECT_EQ(plan.held_reason.find("docker-200"), std::string::npos) << "its bridge has it no more";
}

TEST(PlanBip, IsPutBackWhereARebootTookIt) {
  const auto desired = with_the_old_bip();
  auto actual = two_hosts_desired();
  actual.firewall.reset();
  const auto plan = make_plan({actual}, desired, running_docker(), kOldBip);
  EXPECT_EQ(plan::simulate(actual, plan.steps), desired);
}

TEST(PlanBip, OnTheHostItselfTheOldOneIsNamedWhileItIsLocal) {
  auto desired = two_hosts_desired();
  desired.firewall->local.insert(desired.firewall->local.begin(), net("192.168.99.0/24"));
  const auto plan = make_plan({desired}, desired, running_docker(), kOldBip);
  ASSERT_EQ(plan.held.size(), 1U);
  EXPECT_EQ(plan::detail(plan.held[0]), "local -192.168.99.0/24");
  EXPECT_NE(plan.held_reason.find("docker-200 (was in 192.168.99.0/24)"), std::string::npos);
}

TEST(PlanBip, ManyAreCounted) {
  auto desired = two_hosts_desired();
  Options options = kOldBip;
  options.held_subnets.clear();
  for (const char* subnet : {"10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24",
                             "10.1.4.0/24", "10.1.5.0/24", "10.1.6.0/24"}) {
    desired.routes.insert(desired.routes.end() - 1, route(subnet, {"10.0.0.201"}));
    options.held_subnets.push_back({"h", net(subnet)});
  }
  const auto plan = make_plan({desired}, desired, running_docker(), options);
  EXPECT_EQ(plan.held.size(), 7U);
  EXPECT_NE(plan.held_reason.find("(was in 10.1.4.0/24) and 2 more changed"), std::string::npos)
      << plan.held_reason;
}

TEST(PlanPrune, ASegmentThatStaysTrustedMakesNobodyInItAHost) {
  auto actual = two_hosts_desired();
  actual.firewall->peer_hosts = {net("10.0.0.0/24")};
  auto desired = two_hosts_desired();
  const auto others = [&] {
    const auto plan = make_plan({actual}, desired, running_docker(),
                                Options{.prune = false, .held_reason = "many go"});
    return std::get<plan::FirewallStep>(plan.steps.at(0)).to->others;
  };
  actual.firewall->stops_forgers = false;
  EXPECT_EQ(others(), std::vector{net("10.0.0.201/32")});
  actual.firewall->stops_forgers = true;
  actual.firewall->others = {net("10.0.0.202/32")};
  EXPECT_EQ(others(), (std::vector{net("10.0.0.201/32"), net("10.0.0.202/32")}));
}

TEST(PlanPrune, WhatALaterRunTakesAwayIsNoDrift) {
  auto actual = two_hosts_desired();
  actual.routes.push_back(route("192.168.210.0/24", {"10.0.0.210"}));
  const auto plan = make_plan({actual}, two_hosts_desired(), running_docker(),
                              Options{.prune = false, .defer = true});
  EXPECT_TRUE(plan.in_sync());
}

}  // namespace
}  // namespace overland
