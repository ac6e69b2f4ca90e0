// The tunnel through apply, purge and a rollback.

#include <gtest/gtest.h>

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
  EXPECT_FALSE(reconcile::depends(plan::LinkStep{tunnel(112), tunnel()}, firewall));
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
