// Properties over random states: a plan leads from any actual state to the desired one, and nowhere
// else.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "plan/plan.h"
#include "unit/plan/random_states.h"

namespace overland {
namespace {

using namespace tests;
using model::HostState;
using model::Observed;

TEST(PlanProperty, LeadsFromAnyStateToTheDesiredOne) {
  EXPECT_TRUE(rc::check([] {
    const Observed actual = some_look();
    const HostState desired = some_state(false);
    const auto plan =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.restart_docker = true});
    const HostState after = plan::simulate(actual.state, plan.steps);
    RC_ASSERT(after == desired);
    RC_ASSERT(plan::make_plan({after}, desired, running_docker()).empty());
  }));
}

TEST(PlanProperty, IsEmptyFromDesiredToDesired) {
  EXPECT_TRUE(rc::check([] {
    const HostState desired = some_state(false);
    const auto plan = plan::make_plan({desired}, desired, running_docker());
    RC_ASSERT(plan.empty());
    RC_ASSERT(!plan.docker_restart_required);
  }));
}

TEST(PlanProperty, EveryPrefixOfThePlanConverges) {
  // An apply that dies after any step: the next plan finishes the rest.
  EXPECT_TRUE(rc::check([] {
    const Observed actual = some_look();
    const HostState desired = some_state(false);
    auto steps =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.restart_docker = true})
            .steps;
    steps.resize(*rc::gen::inRange<std::size_t>(0, steps.size() + 1));
    const HostState half = plan::simulate(actual.state, steps);
    const auto rest =
        plan::make_plan({half}, desired, running_docker(), plan::Options{.restart_docker = true});
    RC_ASSERT(plan::simulate(half, rest.steps) == desired);
  }));
}

TEST(PlanProperty, WithoutPruneNothingOfOursGoes) {
  EXPECT_TRUE(rc::check([] {
    const Observed actual = some_look();
    const HostState desired = some_state(false);
    const auto plan =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.prune = false});
    const HostState after = plan::simulate(actual.state, plan.steps);
    for (const auto& route : actual.state.routes) {
      RC_ASSERT(std::any_of(after.routes.begin(), after.routes.end(),
                            [&](const auto& one) { return one.destination == route.destination; }));
    }
    // But a tunnel that would be open without its rule.
    const auto may_go = [&](const model::Link& link) {
      const auto& rules = desired.firewall;
      return link.vxlan && rules && rules->tunnel &&
             (rules->tunnel->vni != link.vxlan->vni || rules->tunnel->port != link.vxlan->port);
    };
    const auto gone = std::count_if(actual.state.links.begin(), actual.state.links.end(), may_go);
    RC_ASSERT(after.links.size() + static_cast<std::size_t>(gone) >= actual.state.links.size());
    RC_ASSERT(after.firewall.has_value() >= actual.state.firewall.has_value());
  }));
}

TEST(PlanProperty, NoStepTouchesADestinationAForeignRouteHolds) {
  EXPECT_TRUE(rc::check([] {
    const Observed actual = some_look();
    const HostState desired = some_state(false);
    auto facts = running_docker();
    facts.foreign_routes = {{some_prefix(), 0, 3, {addr("10.0.0.9")}, "eth0"}};
    const auto plan = plan::make_plan(actual, desired, facts);
    for (const auto& step : plan.steps) {
      RC_ASSERT(!std::holds_alternative<plan::AdoptStep>(step));
      const auto* route = std::get_if<plan::RouteStep>(&step);
      if (route == nullptr || route->from) continue;
      RC_ASSERT(route->to->destination != facts.foreign_routes[0].destination);
    }
  }));
}

}  // namespace
}  // namespace overland
