// What keeps strangers from ipvlan containers goes when the containers do, and not before.

#include <gtest/gtest.h>

#include "plan/describe.h"
#include "plan/plan.h"
#include "unit/networks.h"

namespace overland {
namespace {

using namespace tests;
using plan::FirewallStep;
using plan::make_plan;
using plan::Options;
using plan::Plan;

class PlanIpvlanGuards : public ::testing::Test {
 protected:
  PlanIpvlanGuards() {
    facts = running_docker();
    facts.docker.networks_known = true;
    actual.state = desired = two_hosts_desired();
    network = macvlan("fast", "10.91.0.0/24", "eth0");
    network.driver = model::NetworkDriver::kIpvlan;
    network.mode = "l3";
    actual.state.firewall->ipvlan_guards = {guard};
  }

  void stands(std::vector<std::string> users) {
    actual.state.networks = {network};
    facts.docker.networks = {in_docker(network, std::move(users))};
  }
  Plan planned(const Options& options = {}) const {
    return make_plan(actual, desired, facts, options);
  }
  static std::vector<model::IpvlanGuard> left(const Plan& plan) {
    for (const auto& step : plan.steps) {
      if (const auto* firewall = std::get_if<FirewallStep>(&step)) {
        return firewall->to->ipvlan_guards;
      }
    }
    return {{"no step", {}, {}}};
  }

  model::IpvlanGuard guard = {"eth0", net("10.91.0.0/24"), {net("10.0.0.2/32")}};
  model::Network network;
  model::Observed actual;
  model::HostState desired;
  model::HostFacts facts;
};

TEST_F(PlanIpvlanGuards, OneOfANetworkThatStaysStays) {
  stands({"web"});
  const auto plan = planned();
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_EQ(plan.held.size(), 1U) << "the network";
}

TEST_F(PlanIpvlanGuards, OneOfANetworkThatGoesGoes) {
  stands({});
  EXPECT_TRUE(left(planned()).empty());
  stands({"web"});
  EXPECT_TRUE(left(planned({.prune = true, .evict = true})).empty());
  EXPECT_TRUE(left(planned({.hold = false})).empty()) << "a purge";
}

TEST_F(PlanIpvlanGuards, WhileDockerIsNotSeenTheyAllStay) {
  actual.networks_unread = true;
  EXPECT_TRUE(planned().steps.empty());
}

TEST_F(PlanIpvlanGuards, WhoWasTrustedIsUntilPruned) {
  desired.firewall->ipvlan_guards = {guard};
  desired.firewall->ipvlan_guards[0].trusted = {net("10.0.0.3/32")};
  EXPECT_EQ(left(planned({.prune = false}))[0].trusted, std::vector({net("10.0.0.2/31")}));
  EXPECT_EQ(left(planned())[0].trusted, std::vector({net("10.0.0.3/32")}));
}

TEST_F(PlanIpvlanGuards, TheirChangeIsTold) {
  stands({});
  for (const auto& step : planned().steps) {
    if (!std::holds_alternative<FirewallStep>(step)) continue;
    EXPECT_EQ(plan::detail(step), "strangers kept from ipvlan containers: none");
  }
}

}  // namespace
}  // namespace overland
