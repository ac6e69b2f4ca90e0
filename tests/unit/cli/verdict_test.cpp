#include "cli/verdict.h"

#include <gtest/gtest.h>

#include "unit/states.h"

namespace overland::cli {
namespace {

using model::Severity;

plan::Plan with(Severity severity) {
  plan::Plan plan;
  plan.findings = {{severity, "firewall", "message", "remedy"}};
  return plan;
}

plan::Plan with_step() {
  plan::Plan plan;
  plan.steps = {plan::RouteStep{std::nullopt, tests::route("192.168.200.0/24", {"10.0.0.201"})}};
  return plan;
}

TEST(VerdictOf, TellsWhatIsSo) {
  EXPECT_EQ(verdict_of({}, false), Verdict::kInSync);
  EXPECT_EQ(verdict_of(with(Severity::kUnknown), false), Verdict::kUnknown);
  EXPECT_EQ(verdict_of(with(Severity::kMisfit), false), Verdict::kDrift);
  EXPECT_EQ(verdict_of(with(Severity::kConflict), false), Verdict::kConflict);
  EXPECT_EQ(verdict_of(with_step(), false), Verdict::kDrift);
  EXPECT_EQ(verdict_of({}, true), Verdict::kDrift) << "the present inventory is not in force";
}

TEST(VerdictOf, CountsRestartsThatAreDueAndHeldRemovals) {
  plan::Plan restart;
  restart.docker_restart_required = true;
  EXPECT_EQ(verdict_of(restart, false), Verdict::kDrift);
  EXPECT_FALSE(restart.in_sync());
  EXPECT_TRUE(restart.settled()) << "an apply can do no more";
  plan::Plan held;
  held.held = with_step().steps;
  EXPECT_EQ(verdict_of(held, false), Verdict::kDrift);
  plan::Plan gone;  // after a reboot: what was held is not there any more
  gone.held_reason = "the subnets of 11 of 20 hosts go";
  EXPECT_EQ(verdict_of(gone, false), Verdict::kDrift);
}

TEST(VerdictOf, AdviceDoesNotCount) {
  EXPECT_EQ(verdict_of(with(Severity::kAdvice), false), Verdict::kInSync);
  EXPECT_EQ(verdict_of(with(Severity::kUntold), false), Verdict::kInSync);
}

TEST(VerdictOf, TheGravestWins) {
  auto plan = with(Severity::kUnknown);
  plan.steps = with_step().steps;
  EXPECT_EQ(verdict_of(plan, false), Verdict::kDrift);
  plan.findings.push_back(with(Severity::kConflict).findings.front());
  EXPECT_EQ(verdict_of(plan, false), Verdict::kConflict);
}

TEST(ShowStanding, NamesAllThatIsSo) {
  EXPECT_EQ(show_standing({}, false), "in sync");
  auto plan = with(Severity::kConflict);
  plan.steps = with_step().steps;
  plan.docker_restart_required = true;
  EXPECT_EQ(show_standing(plan, false), "1 conflict, 1 change to make, a restart of Docker is due");
  EXPECT_EQ(show_standing(with(Severity::kUnknown), true),
            "1 thing not looked at, the present inventory is refused");
}

}  // namespace
}  // namespace overland::cli
