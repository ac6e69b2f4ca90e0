// Undoing what a plan has done.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "plan/plan.h"
#include "unit/plan/random_states.h"

namespace overland::plan {
namespace {

using namespace tests;
using model::HostState;

TEST(ReverseProperty, LeadsBackToWhereThePlanStarted) {
  EXPECT_TRUE(rc::check([] {
    const model::Observed look = some_look();
    const HostState& before = look.state;
    const auto steps = make_plan(look, some_state(false), running_docker()).steps;
    const HostState after = simulate(before, steps);
    RC_ASSERT(simulate(after, reverse(steps)) == before);
  }));
}

TEST(ReverseProperty, LeadsBackFromAnyPrefixOfThePlan) {
  EXPECT_TRUE(rc::check([] {
    const model::Observed look = some_look();
    const HostState& before = look.state;
    auto steps = make_plan(look, some_state(false), running_docker()).steps;
    steps.resize(*rc::gen::inRange<std::size_t>(0, steps.size() + 1));
    RC_ASSERT(simulate(simulate(before, steps), reverse(steps)) == before);
  }));
}

TEST(Reverse, TakesThePlanFromItsEnd) {
  const Step create = RouteStep{std::nullopt, route("192.168.200.0/24", {"10.0.0.201"})};
  const Step sysctl = SysctlStep{model::Sysctl{"net.ipv4.ip_forward", "0"},
                                 model::Sysctl{"net.ipv4.ip_forward", "1"}};
  const auto back = reverse({sysctl, create});
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0], Step(RouteStep{route("192.168.200.0/24", {"10.0.0.201"}), std::nullopt}));
  EXPECT_EQ(back[1], Step(SysctlStep{model::Sysctl{"net.ipv4.ip_forward", "1"},
                                     model::Sysctl{"net.ipv4.ip_forward", "0"}}));
}

TEST(Reverse, LeavesOutWhatHasNoWayBack) {
  EXPECT_TRUE(reverse({AdoptStep{}, RestartDockerStep{},
                       SysctlStep{std::nullopt, model::Sysctl{"net.ipv4.ip_forward", "1"}}})
                  .empty());
}

}  // namespace
}  // namespace overland::plan
