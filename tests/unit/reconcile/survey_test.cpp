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
  EXPECT_TRUE(survey.plan.in_sync()) << "a conflict holds nothing back";
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
