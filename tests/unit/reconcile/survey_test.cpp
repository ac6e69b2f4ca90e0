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

TEST(Survey, MismatchesOfTheGoalAreConflicts) {
  FakeMachine machine;
  const reconcile::Goal goal = [](model::HostFacts& facts) {
    facts.mismatches = {{"link eth0", "message", "remedy"}};
    return model::HostState{};
  };
  const auto survey = reconcile::survey(machine.ports(), goal, {}, {});
  EXPECT_EQ(survey.plan.conflicts,
            (std::vector<plan::Conflict>{{"link eth0", "message", "remedy"}}));
}

}  // namespace
}  // namespace overland
