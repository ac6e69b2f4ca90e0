// What a look at the machine puts together from the ports.

#include "reconcile/survey.h"

#include <gtest/gtest.h>

#include "unit/reconcile/fakes.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;

int rp_filter_of_eth0(const char* all, const char* own) {
  FakeMachine machine;
  machine.facts.links = {link("eth0.100", {"10.0.0.1/24"})};
  machine.state.sysctls = {{"net.ipv4.conf.all.rp_filter", all},
                           {"net.ipv4.conf.eth0/100.rp_filter", own}};
  return reconcile::look(machine.ports()).links.front().rp_filter;
}

TEST(Look, TheLargerOfBothReversePathFiltersCounts) {
  EXPECT_EQ(rp_filter_of_eth0("0", "1"), 1);
  EXPECT_EQ(rp_filter_of_eth0("2", "1"), 2);
  EXPECT_EQ(rp_filter_of_eth0("0", "0"), 0);
}

TEST(Survey, KeepsTheConflictsOfTheGoal) {
  FakeMachine machine;
  const reconcile::Goal goal = [](model::HostFacts& facts) {
    facts.findings = {{model::Severity::kConflict, "link eth0", "message", "remedy"}};
    return model::HostState{};
  };
  const auto survey = reconcile::survey(machine.ports(), goal, {}, {});
  ASSERT_EQ(survey.plan.conflicts().size(), 1U);
  EXPECT_EQ(survey.plan.conflicts()[0].remedy, "remedy");
  EXPECT_TRUE(survey.plan.settled()) << "a conflict holds nothing back";
  EXPECT_FALSE(survey.plan.in_sync());
}

reconcile::Goal two_hosts() {
  return [](model::HostFacts&) { return two_hosts_desired(); };
}

TEST(Survey, ADaemonJsonThatCannotBeReadLeavesTheRestToBeRepaired) {
  FakeMachine machine;
  machine.state = two_hosts_fresh();
  machine.facts = running_docker();
  machine.deaf_docker = true;
  const auto survey = reconcile::survey(machine.ports(), two_hosts(), {}, {});
  ASSERT_EQ(survey.plan.findings.size(), 1U);
  EXPECT_EQ(survey.plan.findings[0].resource, "docker daemon.json");
  EXPECT_EQ(survey.plan.findings[0].message, "daemon.json:1:1: junk");
  EXPECT_EQ(survey.plan.steps.size(), 3U);  // ip_forward, since dockerd runs, firewall and route
}

TEST(Survey, RulesThatCannotBeReadLeaveTheRestToBeRepaired) {
  FakeMachine machine;
  machine.state = two_hosts_fresh();
  machine.facts = running_docker();
  machine.deaf_firewall = true;
  reconcile::SavedState saved;
  saved.sysctls["net.ipv4.ip_forward"] = {"0", "1"};
  const auto survey = reconcile::survey(machine.ports(), two_hosts(), saved, {});
  EXPECT_EQ(survey.plan.findings.size(), 1U);
  EXPECT_EQ(survey.plan.steps.size(), 2U);  // ip_forward, which we had turned on, and the route
}

TEST(Survey, LooksAtTheLinksOnce) {
  FakeMachine machine;
  machine.state = two_hosts_desired();
  machine.facts = running_docker();
  machine.facts.links.push_back(link("eth1", {}));
  machine.state.links = {vlan("eth1", 100, "172.16.10.1/24")};
  const auto survey = reconcile::survey(machine.ports(), two_hosts(), {}, {});
  EXPECT_EQ(machine.link_looks, 1);
  EXPECT_EQ(survey.actual.state.links, machine.state.links);
}

/// What becomes of allow-direct-routing, which nobody wants any more and we had set; `now` is what
/// stands there.
std::optional<std::string> withdrawn(const std::optional<std::string>& before, const char* now,
                                     const char* backend = "iptables") {
  FakeMachine machine;
  machine.state = two_hosts_desired();
  machine.state.docker->keys["allow-direct-routing"] = now;
  machine.facts = running_docker();
  machine.facts.docker.configured_backend = backend;
  reconcile::SavedState saved;
  saved.daemon_keys["allow-direct-routing"] = {before, "true"};
  const auto survey = reconcile::survey(machine.ports(), two_hosts(), saved, {});
  for (const auto& step : survey.plan.steps) {
    if (const auto* docker = std::get_if<plan::DockerStep>(&step)) {
      return docker->to->keys.at("allow-direct-routing");
    }
  }
  return now;
}

TEST(Survey, KeysNobodyWantsAnyMoreGoBackToWhatTheyWere) {
  EXPECT_EQ(withdrawn(std::nullopt, "true"), std::nullopt);
  EXPECT_EQ(withdrawn("false", "true"), "false");
  EXPECT_EQ(withdrawn("true", "false"), "false") << "somebody else has set it since";
  EXPECT_EQ(withdrawn(std::nullopt, "true", ""), "true") << "not known what Docker starts with";
}

/// What a survey makes of address pools `now` in daemon.json beside those of the inventory, `set`
/// being what we set last.
reconcile::Survey with_pools(const std::string& now, const char* set, bool adopt) {
  FakeMachine machine;
  machine.state = two_hosts_desired();
  machine.state.docker->keys["default-address-pools"] = now;
  machine.facts = running_docker();
  reconcile::SavedState saved;
  if (set != nullptr) saved.daemon_keys["default-address-pools"] = {std::nullopt, set};
  const reconcile::Goal goal = [](model::HostFacts&) {
    auto state = two_hosts_desired();
    state.docker->keys["default-address-pools"] = "[1]";
    return state;
  };
  plan::Options options;
  options.adopt = adopt;
  return reconcile::survey(machine.ports(), goal, saved, options);
}

TEST(Survey, AddressPoolsOfSomebodyElseStayUnlessAdopted) {
  const auto foreign = with_pools("[2]", nullptr, false);
  EXPECT_TRUE(foreign.plan.empty());
  ASSERT_EQ(foreign.plan.conflicts().size(), 1U);
  EXPECT_EQ(foreign.plan.conflicts()[0].resource, "daemon.json default-address-pools");
  EXPECT_TRUE(with_pools("[2]", "[3]", false).plan.empty()) << "changed since we set it";

  const auto adopted = with_pools("[2]", nullptr, true);
  EXPECT_EQ(adopted.plan.steps.size(), 1U);
  EXPECT_TRUE(adopted.plan.conflicts().empty());
}

TEST(Survey, AddressPoolsOfOursFollowTheInventory) {
  EXPECT_EQ(with_pools("[2]", "[2]", false).plan.steps.size(), 1U);
  EXPECT_TRUE(with_pools("[1]", nullptr, false).plan.conflicts().empty());
}

TEST(Survey, DirectRoutingThatWeAskedForIsNobodysWish) {
  FakeMachine machine;
  machine.state = two_hosts_desired();
  machine.facts.docker.direct_routing = true;
  const auto wished = [&](const reconcile::SavedState& saved) {
    return reconcile::survey(machine.ports(), two_hosts(), saved, {}).facts.docker.direct_routing;
  };
  EXPECT_TRUE(wished({}));
  machine.facts.firewall.direct_drop = true;
  EXPECT_FALSE(wished({})) << "the memory is lost, and what stands in for Docker's drop stands";
  reconcile::SavedState saved;
  saved.daemon_keys["allow-direct-routing"] = {std::nullopt, "true"};
  EXPECT_FALSE(wished(saved));
  saved.daemon_keys["allow-direct-routing"] = {"true", "true"};
  EXPECT_TRUE(wished(saved));
}

TEST(Survey, WhoElseDropsIsAskedApart) {
  FakeMachine machine;
  machine.state = two_hosts_fresh();
  machine.facts = running_docker();
  machine.droppers = {{model::Severity::kConflict, "firewall", "a rule drops", "move it"}};
  auto survey = reconcile::survey(machine.ports(), two_hosts(), {}, {});
  EXPECT_TRUE(survey.plan.conflicts().empty());
  reconcile::look_who_drops(machine.ports(), survey);
  EXPECT_EQ(survey.plan.conflicts(), machine.droppers);
}

}  // namespace
}  // namespace overland
