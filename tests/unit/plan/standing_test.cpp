// What stands stays where something could not be looked at or does not fit.

#include "plan/standing.h"

#include <gtest/gtest.h>

#include "links.h"
#include "plan/plan.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using model::FirewallAnchor;
using model::FirewallVariant;

const model::Finding kDeaf = {model::Severity::kUnknown, "docker", "does not answer", ""};
const model::Finding kMisfit = {model::Severity::kMisfit, "segment lan", "link down", ""};

model::Observed look(const model::HostState& state, const model::Finding& finding) {
  model::Observed observed{state};
  observed.findings = {finding};
  return observed;
}

bool has_docker_step(const std::vector<plan::Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const plan::Step& step) {
    return std::holds_alternative<plan::DockerStep>(step) ||
           std::holds_alternative<plan::RestartDockerStep>(step);
  });
}

TEST(Standing, BlindnessHoldsRemovalsDaemonJsonAndRestarts) {
  auto actual = two_hosts_fresh();
  actual.routes = {route("192.168.77.0/24", {"10.0.0.9"})};
  const auto plan = plan::make_plan(look(actual, kDeaf), two_hosts_desired(), running_docker(),
                                    plan::Options{.restart_docker = true});
  EXPECT_FALSE(plan.prunes);
  EXPECT_FALSE(has_docker_step(plan.steps));
  EXPECT_EQ(plan.held.size(), 2U);  // the old route's removal and daemon.json
  EXPECT_EQ(plan.findings, std::vector{kDeaf});
  EXPECT_EQ(plan.steps.size(), 3U);  // ip_forward, firewall and the route are made all the same
}

TEST(Standing, APurgeIsNotHeldBack) {
  const auto plan = plan::make_plan(look(two_hosts_desired(), kDeaf), {}, running_docker(),
                                    plan::Options{.hold = false});
  EXPECT_TRUE(plan.held.empty());
  EXPECT_EQ(plan.steps.size(), 2U);  // firewall and route go
}

TEST(Standing, AnInventoryInDoubtKeepsThisHostsOwnSubnetAndDaemonJson) {
  auto actual = two_hosts_desired();
  actual.firewall->local = {net("192.168.77.0/24")};
  actual.docker->keys = {{"bip", "\"192.168.77.1/24\""}};
  const auto plan = plan::make_plan(
      {actual}, two_hosts_desired(), running_docker(),
      plan::Options{.prune = false, .held_reason = "the subnets of 3 of 3 hosts go"});
  EXPECT_FALSE(has_docker_step(plan.steps));
  EXPECT_TRUE(has_docker_step(plan.held));
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(std::get<plan::FirewallStep>(plan.steps[0]).to->local,
            (std::vector{net("192.168.77.0/24"), net("192.168.100.0/24")}));
}

TEST(Standing, AMisfitHoldsRemovalsOnly) {
  auto actual = two_hosts_fresh();
  actual.routes = {route("192.168.77.0/24", {"10.0.0.9"})};
  const auto plan = plan::make_plan(look(actual, kMisfit), two_hosts_desired(), running_docker());
  EXPECT_EQ(plan.held.size(), 1U);
  EXPECT_TRUE(has_docker_step(plan.steps));
}

TEST(Standing, VariantAndAnchorInForceStayWhileBlind) {
  auto desired = two_hosts_desired();
  auto actual = desired;
  actual.firewall->variant = FirewallVariant::kLegacy;
  actual.firewall->anchor = FirewallAnchor::kForward;
  plan::keep_standing(desired, look(actual, kDeaf), running_docker());
  EXPECT_EQ(desired.firewall->variant, FirewallVariant::kLegacy);
  EXPECT_EQ(desired.firewall->anchor, FirewallAnchor::kForward);
  auto seeing = two_hosts_desired();
  plan::keep_standing(seeing, {actual}, running_docker());
  EXPECT_EQ(seeing, two_hosts_desired());
}

TEST(Standing, ForwardingIsRepairedButNotSwitchedWhileBlind) {
  const auto deaf = look(two_hosts_fresh(), kDeaf);
  const auto desired = two_hosts_desired();
  auto facts = running_docker();
  EXPECT_FALSE(plan::forwarding_waits(deaf, desired, facts, false))
      << "dockerd runs: it had turned it on itself";
  facts.docker.instance = "";
  EXPECT_TRUE(plan::forwarding_waits(deaf, desired, facts, false));
  EXPECT_FALSE(plan::forwarding_waits(deaf, desired, facts, true)) << "it was ours";
  EXPECT_FALSE(plan::forwarding_waits({two_hosts_fresh()}, desired, facts, false))
      << "all was seen";
  const auto plan =
      plan::make_plan(deaf, two_hosts_desired(), facts, plan::Options{.hold_forwarding = true});
  ASSERT_EQ(plan.held.size(), 2U) << "said, with daemon.json";
  EXPECT_TRUE(std::holds_alternative<plan::SysctlStep>(plan.held[0]));
}

TEST(Standing, ForwardingWaitsForAGuardThatCannotBePut) {
  auto desired = two_hosts_desired();
  desired.firewall->guard = model::FirewallGuard::kForwardPolicy;
  auto facts = running_docker();
  facts.forwarding = model::Forwarding::kOff;
  model::Observed observed{two_hosts_fresh()};
  EXPECT_FALSE(plan::forwarding_waits(observed, desired, facts, false));
  observed.firewall_unread = true;
  EXPECT_TRUE(plan::forwarding_waits(observed, desired, facts, true));
  facts.forwarding = model::Forwarding::kOurs;
  EXPECT_FALSE(plan::forwarding_waits(observed, desired, facts, true)) << "a repair";
}

TEST(Standing, AGuardStaysWhileBlind) {
  auto desired = two_hosts_desired();
  auto actual = desired;
  actual.firewall->guard = model::FirewallGuard::kForwardPolicy;
  plan::keep_standing(desired, look(actual, kDeaf), running_docker());
  EXPECT_EQ(desired.firewall->guard, model::FirewallGuard::kForwardPolicy);
}

TEST(Standing, WithoutAKnownVariantNoFirewallIsMade) {
  auto facts = running_docker();
  facts.firewall.variant.reset();
  auto desired = two_hosts_desired();
  plan::keep_standing(desired, look({}, kDeaf), facts);
  EXPECT_FALSE(desired.firewall);
  desired = two_hosts_desired();
  plan::keep_standing(desired, look(two_hosts_desired(), kDeaf), facts);
  EXPECT_TRUE(desired.firewall);
}

TEST(Standing, WhatCouldNotBeReadIsLeftAlone) {
  auto actual = look(two_hosts_fresh(), kDeaf);
  actual.firewall_unread = true;
  actual.daemon_json_unread = true;
  const auto plan = plan::make_plan(actual, two_hosts_desired(), running_docker());
  for (const auto& step : plan.steps) {
    EXPECT_FALSE(std::holds_alternative<plan::FirewallStep>(step));
  }
  EXPECT_FALSE(has_docker_step(plan.steps));
  EXPECT_FALSE(has_docker_step(plan.held));
}

TEST(Standing, ADeadLinkNeitherMakesNorRemovesItsRoutes) {
  auto facts = running_docker();
  facts.unreachable = {addr("10.0.0.201")};
  auto desired = two_hosts_desired();
  desired.routes.push_back(route("192.168.201.0/24", {"10.0.0.202"}));
  auto actual = desired;
  actual.routes = {};
  const auto made = plan::make_plan(look(actual, kMisfit), desired, facts);
  ASSERT_EQ(made.steps.size(), 1U);
  EXPECT_EQ(std::get<plan::RouteStep>(made.steps[0]).to->destination, net("192.168.201.0/24"));
  EXPECT_TRUE(plan::make_plan(look(desired, kMisfit), desired, facts).empty());
  EXPECT_TRUE(plan::make_plan(look(desired, kMisfit), desired, facts).held.empty());
}

TEST(Standing, AMultipathRouteGoesOnByTheNextHopsThatAreLeft) {
  auto facts = running_docker();
  facts.unreachable = {addr("10.0.0.201")};
  auto desired = two_hosts_desired();
  desired.routes = {route("192.168.200.0/24", {"10.0.0.201", "10.0.0.202"})};
  auto actual = desired;
  actual.routes = {};
  const auto plan = plan::make_plan(look(actual, kMisfit), desired, facts);
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(*std::get<plan::RouteStep>(plan.steps[0]).to,
            route("192.168.200.0/24", {"10.0.0.202"}));
  actual.routes = {route("192.168.200.0/24", {"10.0.0.202"})};
  EXPECT_TRUE(plan::make_plan(look(actual, kMisfit), desired, facts).empty());
}

TEST(Standing, WhileRemovalsAreHeldLinksAndWaysOutStayTrusted) {
  auto actual = two_hosts_desired();
  actual.firewall->ingress = tests::on_links({"eth0", "eth1"});
  actual.firewall->masquerades = {{"eth1", {net("192.168.200.0/24")}, true}};
  EXPECT_TRUE(
      plan::make_plan(look(actual, kMisfit), two_hosts_desired(), running_docker()).empty());
}

}  // namespace
}  // namespace overland
