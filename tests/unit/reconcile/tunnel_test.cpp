// The tunnel through apply, purge and a rollback.

#include <gtest/gtest.h>

#include <limits>

#include "plan/describe.h"
#include "reconcile/nouns.h"
#include "reconcile/purge.h"
#include "reconcile/rollback.h"
#include "unit/reconcile/applied.h"

namespace overland {
namespace {

using namespace tests;
using reconcile::Status;

class TunnelApply : public Apply {
 protected:
  TunnelApply() {
    goal = [](const model::HostFacts&) { return tunnelled_desired(); };
  }
  reconcile::Survey survey() {
    return reconcile::survey(machine.ports(), goal, reconcile::load_saved(saved_file), {});
  }
  Status status_of(const reconcile::ApplyReport& report, const std::string& resource) {
    for (const auto& one : report.steps) {
      if (plan::resource(one.step) == resource) return one.status;
    }
    ADD_FAILURE() << "no step " << resource;
    return Status::kDone;
  }
};

TEST_F(TunnelApply, ReachesTheDesiredStateAndThenChangesNothing) {
  EXPECT_TRUE(run().converged());
  EXPECT_EQ(machine.state.links, tunnelled_desired().links);
  EXPECT_EQ(machine.state.neighbours, tunnelled_desired().neighbours);
  EXPECT_EQ(machine.state.routes, tunnelled_desired().routes);
  EXPECT_TRUE(run().steps.empty());
}

TEST_F(TunnelApply, NoTunnelIsMadeWhileItsSendersAreNotBound) {
  machine.fail_at = 0;
  machine.dead_after = true;
  const auto report = run();
  EXPECT_EQ(plan::resource(report.steps[0].step), "firewall");
  EXPECT_EQ(status_of(report, "link vxlan.ovl"), Status::kSkipped);
  // One that stands is repaired all the same.
  const plan::Step firewall = plan::FirewallStep{std::nullopt, tunnelled_desired().firewall};
  EXPECT_TRUE(reconcile::depends(plan::LinkStep{std::nullopt, tunnel()}, firewall));
  EXPECT_FALSE(reconcile::depends(plan::LinkStep{tunnel(), tunnel()}, firewall));
  EXPECT_TRUE(reconcile::depends(plan::LinkStep{tunnel(112), tunnel()}, firewall));
  auto down = tunnel();
  down.up = false;
  EXPECT_TRUE(reconcile::depends(plan::LinkStep{down, tunnel()}, firewall));
}

TEST_F(TunnelApply, WithoutTheLinkNothingIsPutOnIt) {
  machine.fail_at = 1;
  const auto reports = reconcile::execute(machine.ports(), survey().plan.steps);
  ASSERT_EQ(plan::resource(reports[1].step), "link vxlan.ovl");
  EXPECT_EQ(reports[1].status, Status::kFailed);
  EXPECT_EQ(reports[2].status, Status::kSkipped) << "the neighbour";
  EXPECT_TRUE(run().converged());
}

TEST_F(TunnelApply, ANeighbourThatFailsKeepsNothingElse) {
  machine.fail_at = 2;
  const auto reports = reconcile::execute(machine.ports(), survey().plan.steps);
  ASSERT_EQ(plan::resource(reports[2].step), "neighbour 10.2.0.12");
  EXPECT_EQ(reports[2].status, Status::kFailed);
  EXPECT_EQ(machine.state.routes[0], tunnelled_desired().routes[0]);
  EXPECT_TRUE(run().converged());
}

/// Whether a tunnel is open that no rule asks for.
bool open(const model::HostState& state) {
  for (const auto& link : state.links) {
    if (!link.vxlan) continue;
    const auto& bound = state.firewall ? state.firewall->tunnel : std::nullopt;
    if (!bound || bound->vni != link.vxlan->vni || bound->port != link.vxlan->port) return true;
  }
  return false;
}

TEST_F(TunnelApply, IsNeverOpenWhateverFailsOfAChange) {
  const auto moved = [](const model::HostFacts&) {
    auto state = tunnelled_desired();
    state.links[0].vxlan->port = 4790;
    state.firewall->tunnel->port = 4790;
    return state;
  };
  const auto gone = [](const model::HostFacts&) { return two_hosts_desired(); };
  for (const reconcile::Goal& next : {reconcile::Goal(moved), reconcile::Goal(gone)}) {
    for (const bool dead : {false, true}) {
      for (int n = 0; n < 7; ++n) {
        goal = [](const model::HostFacts&) { return tunnelled_desired(); };
        EXPECT_TRUE(run().converged());
        goal = next;
        machine.fail_at = machine.changes + n;
        machine.dead_after = dead;
        run();
        EXPECT_FALSE(open(machine.state)) << n;
        machine.fail_at = std::numeric_limits<int>::max();
        machine.dead_after = false;
        EXPECT_TRUE(run().converged());
      }
    }
  }
}

TEST_F(TunnelApply, IsNeverOpenWhateverFailsOfTheWayBack) {
  for (const bool dead : {false, true}) {
    for (int n = 0; n < 7; ++n) {
      goal = [](const model::HostFacts&) { return tunnelled_desired(); };
      EXPECT_TRUE(run().converged());
      goal = [](const model::HostFacts&) {
        auto state = tunnelled_desired();
        state.links[0].vxlan->vni = 112;
        state.firewall->tunnel->vni = 112;
        return state;
      };
      const auto before = reconcile::remember_before(machine.ports(), survey(), saved_file);
      EXPECT_TRUE(run().converged());
      machine.fail_at = machine.changes + n;
      machine.dead_after = dead;
      const auto faults = reconcile::roll_back(machine.ports(), before, saved_file);
      EXPECT_FALSE(open(machine.state)) << n;
      if (!dead) {
        EXPECT_EQ(faults, std::vector<std::string>()) << n;
        EXPECT_EQ(machine.state.links, tunnelled_desired().links);
        EXPECT_EQ(machine.state.firewall, tunnelled_desired().firewall);
      }
      machine.fail_at = std::numeric_limits<int>::max();
      machine.dead_after = false;
    }
  }
}

TEST_F(TunnelApply, PurgeLeavesNothingOfIt) {
  run();
  const auto saved = reconcile::load_saved(saved_file);
  const auto report = reconcile::purge(
      machine.ports(), reconcile::survey_removal(machine.ports(), saved), saved_file, saved);
  EXPECT_TRUE(report.complete());
  EXPECT_TRUE(machine.state.links.empty());
  EXPECT_TRUE(machine.state.neighbours.empty());
  EXPECT_TRUE(machine.state.routes.empty());
}

TEST_F(TunnelApply, ATrialUndoneLeavesNothingOfItAndOneThatTookItAwayPutsItBack) {
  const auto fresh = machine.state;
  const auto before = reconcile::remember_before(machine.ports(), survey(), saved_file);
  run();
  EXPECT_EQ(reconcile::roll_back(machine.ports(), before, saved_file), std::vector<std::string>());
  EXPECT_EQ(machine.state.links, fresh.links);
  EXPECT_EQ(machine.state.neighbours, fresh.neighbours);
  EXPECT_EQ(machine.state.routes, fresh.routes);
  run();
  goal = [](const model::HostFacts&) { return two_hosts_desired(); };
  const auto stood = reconcile::remember_before(machine.ports(), survey(), saved_file);
  run();
  EXPECT_TRUE(machine.state.neighbours.empty());
  EXPECT_EQ(reconcile::roll_back(machine.ports(), stood, saved_file), std::vector<std::string>());
  EXPECT_EQ(machine.state.links, tunnelled_desired().links);
  EXPECT_EQ(machine.state.neighbours, tunnelled_desired().neighbours);
  EXPECT_EQ(machine.state.routes, tunnelled_desired().routes);
}

}  // namespace
}  // namespace overland
