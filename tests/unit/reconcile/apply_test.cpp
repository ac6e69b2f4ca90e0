#include "reconcile/apply.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "plan/describe.h"
#include "unit/reconcile/applied.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using reconcile::Status;

TEST_F(Apply, ReachesTheDesiredStateAndThenChangesNothing) {
  const auto first = run();
  EXPECT_TRUE(first.changed());
  EXPECT_TRUE(first.converged());
  EXPECT_EQ(machine.state.routes, two_hosts_desired().routes);
  EXPECT_EQ(machine.state.firewall, two_hosts_desired().firewall);
  const auto second = run();
  EXPECT_FALSE(second.changed());
  EXPECT_TRUE(second.steps.empty());
  EXPECT_TRUE(second.converged());
}

TEST_F(Apply, NeverRestartsDockerUnlessAllowed) {
  const auto report = run();
  EXPECT_EQ(machine.restarts, 0);
  EXPECT_TRUE(report.after.plan.docker_restart_required);
  EXPECT_TRUE(report.converged());
}

TEST_F(Apply, LooksAtTheBridgeAfterARestart) {
  EXPECT_TRUE(run({.restart_docker = true}).converged());
  EXPECT_EQ(machine.restarts, 1);
  EXPECT_EQ(machine.bridge().addresses[0], iface("192.168.100.1/24"));
}

TEST_F(Apply, DoesNotBelieveARestartThatLeftTheBridgeAsItWas) {
  machine.restart_takes_bip = false;
  const auto report = run({.restart_docker = true});
  EXPECT_EQ(machine.restarts, 1) << "one restart that did not help is enough";
  EXPECT_FALSE(report.converged());
}

TEST_F(Apply, AFailedStepStopsOnlyWhatDependsOnIt) {
  machine.fail_at = 0;  // the firewall
  machine.dead_after = false;
  const auto report = run();
  EXPECT_EQ(report.steps[0].status, Status::kFailed);
  EXPECT_EQ(machine.state.routes, two_hosts_desired().routes);
  EXPECT_TRUE(report.converged()) << "the second pass repairs what failed once";
}

TEST_F(Apply, OutlastsSomebodyElseAtWorkOnTheFirewall) {
  machine.spoilt = 3;
  EXPECT_TRUE(run().converged());
  EXPECT_GE(machine.waited, std::chrono::seconds(1)) << "Docker takes that long";
}

TEST_F(Apply, GivesUpOnSomebodyWhoNeverStops) {
  machine.spoilt = 100;
  const auto report = run();
  EXPECT_FALSE(report.converged());
  EXPECT_EQ(machine.spoilt, 95) << "five passes";
  EXPECT_LE(machine.waited, std::chrono::seconds(2));
}

TEST_F(Apply, WaitsForALockHeldByAnotherOnceOnly) {
  machine.fail_at = 0;  // the firewall
  machine.fault = base::ErrorKind::kLocked;
  const auto report = run();
  EXPECT_TRUE(report.locked());
  EXPECT_FALSE(report.converged());
  EXPECT_EQ(machine.state.routes, two_hosts_desired().routes) << "what needs no lock is done";
  EXPECT_FALSE(machine.state.firewall.has_value()) << "no second pass";
}

TEST_F(Apply, SkipsTheRestartWhereDaemonJsonWasNotWritten) {
  machine.fail_at = 4;  // firewall, sysctl, route, removal, daemon.json
  machine.dead_after = true;
  const auto report = run({.restart_docker = true});
  const auto& last = report.steps.back();
  EXPECT_EQ(machine.restarts, 0);
  EXPECT_FALSE(report.converged());
  const auto skipped = std::find_if(report.steps.begin(), report.steps.end(),
                                    [](const auto& one) { return one.status == Status::kSkipped; });
  ASSERT_NE(skipped, report.steps.end());
  EXPECT_EQ(*skipped->why, "because docker daemon.json failed");
  EXPECT_NE(last.status, Status::kDone);
}

TEST_F(Apply, ConvergesAfterDeathAtEveryStep) {
  for (int step = 0; step < 6; ++step) {
    SCOPED_TRACE(step);
    static_cast<World&>(machine) = World();
    machine.state = two_hosts_fresh();
    machine.facts = running_docker();
    machine.fail_at = step;
    machine.dead_after = true;
    std::filesystem::remove(saved_file);
    run({.restart_docker = true});
    machine.fail_at = std::numeric_limits<int>::max();
    EXPECT_TRUE(run({.restart_docker = true}).converged());
    EXPECT_EQ(machine.state.routes, two_hosts_desired().routes);
    EXPECT_EQ(machine.bridge().addresses[0], iface("192.168.100.1/24"));
  }
}

TEST_F(Apply, SkipsRoutesBehindAVlanLinkThatFailed) {
  goal = [](const model::HostFacts&) {
    auto desired = two_hosts_desired();
    desired.links = {vlan("eth1", 100, "172.16.10.1/24")};
    desired.routes = {route("192.168.200.0/24", {"172.16.10.9"}),
                      route("192.168.201.0/24", {"10.0.0.201"})};
    return desired;
  };
  machine.state = two_hosts_desired();
  machine.state.routes.clear();
  machine.facts.links.push_back(link("eth1", {}));
  machine.fail_at = 0;
  const auto report = run();
  ASSERT_GE(report.steps.size(), 3U);
  EXPECT_EQ(report.steps[0].status, Status::kFailed);
  EXPECT_EQ(report.steps[1].status, Status::kSkipped);
  EXPECT_EQ(*report.steps[1].why, "because link eth1.100 failed");
  EXPECT_EQ(report.steps[2].status, Status::kDone);
}

TEST_F(Apply, AFullDiskKeepsRoutesRepairedAndReplacesNothingItCannotRemember) {
  std::filesystem::create_directories(saved_file);  // nothing can be written there
  const auto report = reconcile::apply(
      machine.ports(), reconcile::survey(machine.ports(), goal, {}, {}), goal, saved_file, {}, {});
  EXPECT_EQ(machine.state.routes, two_hosts_desired().routes);
  EXPECT_EQ(machine.state.sysctls, two_hosts_fresh().sysctls);
  EXPECT_EQ(machine.state.docker->keys.at("bip"), std::nullopt);
  EXPECT_FALSE(report.converged());
  EXPECT_FALSE(report.memory_fault.empty());
}

TEST_F(Apply, ADriftedSysctlIsRepairedWhereItsOldValueIsRemembered) {
  run();
  machine.state.sysctls = {{"net.ipv4.ip_forward", "0"}};
  const auto before = reconcile::load_saved(saved_file);
  const auto report =
      reconcile::apply(machine.ports(), reconcile::survey(machine.ports(), goal, before, {}), goal,
                       "/proc/nowhere/state.json", before, {});
  EXPECT_FALSE(report.memory_fault.empty());
  EXPECT_EQ(machine.state.sysctls, two_hosts_desired().sysctls);
}

TEST_F(Apply, WhatChangesUnderARunEndsAsAReport) {
  const auto saved = reconcile::load_saved(saved_file);
  auto before = reconcile::survey(machine.ports(), goal, saved, {});
  const reconcile::Goal refuses = [](const model::HostFacts&) -> model::HostState {
    throw base::Error(base::ErrorKind::kInventory, "not one underlay address is here");
  };
  const auto report =
      reconcile::apply(machine.ports(), std::move(before), refuses, saved_file, saved, {});
  EXPECT_EQ(report.look_fault, "not one underlay address is here");
  EXPECT_TRUE(report.changed());
  EXPECT_FALSE(report.converged());
}

TEST_F(Apply, WhatCouldNotBeLookedAtIsNotInSync) {
  run();
  machine.deaf_docker = true;
  const auto report = run();
  EXPECT_TRUE(report.converged());
  EXPECT_FALSE(report.settled());
}

TEST_F(Apply, WhoElseDropsIsAConflictOfTheEnd) {
  machine.droppers = {{model::Severity::kConflict, "firewall", "a rule drops", ""}};
  EXPECT_EQ(run().after.plan.conflicts().size(), 1U);
}

}  // namespace
}  // namespace overland
