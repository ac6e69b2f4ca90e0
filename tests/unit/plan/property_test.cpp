// Properties over random states: a plan leads from any actual state to the desired one, and nowhere
// else.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>

#include "plan/plan.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using model::HostState;

model::Prefix some_prefix() {
  const auto third = *rc::gen::inRange<std::uint32_t>(0, 12);
  return {model::Address::from_ipv4(0xc0a80000U | third << 8U), 24};
}

std::vector<model::Prefix> some_prefixes() {
  std::vector<model::Prefix> list;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) list.push_back(some_prefix());
  return model::aggregate(std::move(list));
}

std::vector<model::Route> some_routes() {
  std::map<model::Prefix, model::Route> routes;
  const int count = *rc::gen::inRange(0, 10);
  for (int i = 0; i < count; ++i) {
    model::Route route;
    route.destination = some_prefix();
    route.metric = model::route_metric(route.destination);
    const int gateways = *rc::gen::inRange(1, 3);
    for (int g = 0; g < gateways; ++g) {
      const auto last = *rc::gen::inRange<std::uint32_t>(1, 5);
      route.gateways.push_back(model::Address::from_ipv4(0x0a000000U | last));
    }
    std::sort(route.gateways.begin(), route.gateways.end());
    routes[route.destination] = route;
  }
  std::vector<model::Route> list;
  for (auto& [destination, route] : routes) list.push_back(std::move(route));
  return list;
}

std::vector<model::VlanLink> some_links() {
  std::vector<model::VlanLink> links;
  for (const std::uint16_t id : std::array<std::uint16_t, 3>{100, 200, 300}) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    auto link = vlan("eth1", id, *rc::gen::arbitrary<bool>() ? "172.16.1.1/24" : "172.16.2.1/24");
    link.up = *rc::gen::arbitrary<bool>();
    links.push_back(link);
  }
  return links;
}

std::optional<model::Firewall> some_firewall(bool with_defects) {
  if (!*rc::gen::arbitrary<bool>()) return std::nullopt;
  model::Firewall firewall;
  firewall.policy.mark = 0x200000;
  firewall.policy.conntrack = *rc::gen::arbitrary<bool>();
  firewall.policy.local = some_prefixes();
  firewall.policy.peer_subnets = some_prefixes();
  if (with_defects && *rc::gen::arbitrary<bool>()) firewall.defects = {"a rule out of order"};
  return firewall;
}

HostState some_state(bool actual) {
  HostState state;
  state.sysctls = {{"net.ipv4.ip_forward", actual && *rc::gen::arbitrary<bool>() ? "0" : "1"}};
  state.links = some_links();
  state.firewall = some_firewall(actual);
  state.routes = some_routes();
  model::DockerSettings docker;
  docker.bridge = "docker0";
  docker.address = iface(*rc::gen::arbitrary<bool>() ? "192.168.100.1/24" : "192.168.101.1/24");
  docker.keys["bip"] = "\"" + docker.address->to_string() + "\"";
  if (actual && *rc::gen::arbitrary<bool>()) docker.keys["bip"] = std::nullopt;
  docker.restart_pending = actual && *rc::gen::arbitrary<bool>();
  state.docker = docker;
  return state;
}

TEST(PlanProperty, LeadsFromAnyStateToTheDesiredOne) {
  EXPECT_TRUE(rc::check([] {
    const HostState actual = some_state(true);
    const HostState desired = some_state(false);
    const auto plan =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.restart_docker = true});
    const HostState after = plan::simulate(actual, plan.steps);
    RC_ASSERT(after == desired);
    RC_ASSERT(plan::make_plan(after, desired, running_docker()).empty());
  }));
}

TEST(PlanProperty, IsEmptyFromDesiredToDesired) {
  EXPECT_TRUE(rc::check([] {
    const HostState desired = some_state(false);
    const auto plan = plan::make_plan(desired, desired, running_docker());
    RC_ASSERT(plan.empty());
    RC_ASSERT(!plan.docker_restart_required);
  }));
}

TEST(PlanProperty, EveryPrefixOfThePlanConverges) {
  // An apply that dies after any step: the next plan finishes the rest.
  EXPECT_TRUE(rc::check([] {
    const HostState actual = some_state(true);
    const HostState desired = some_state(false);
    auto steps =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.restart_docker = true})
            .steps;
    steps.resize(*rc::gen::inRange<std::size_t>(0, steps.size() + 1));
    const HostState half = plan::simulate(actual, steps);
    const auto rest =
        plan::make_plan(half, desired, running_docker(), plan::Options{.restart_docker = true});
    RC_ASSERT(plan::simulate(half, rest.steps) == desired);
  }));
}

TEST(PlanProperty, WithoutPruneNothingOfOursGoes) {
  EXPECT_TRUE(rc::check([] {
    const HostState actual = some_state(true);
    const HostState desired = some_state(false);
    const auto plan =
        plan::make_plan(actual, desired, running_docker(), plan::Options{.prune = false});
    const HostState after = plan::simulate(actual, plan.steps);
    for (const auto& route : actual.routes) {
      RC_ASSERT(std::any_of(after.routes.begin(), after.routes.end(),
                            [&](const auto& one) { return one.destination == route.destination; }));
    }
    RC_ASSERT(after.links.size() >= actual.links.size());
    RC_ASSERT(after.firewall.has_value() >= actual.firewall.has_value());
  }));
}

TEST(PlanProperty, NoStepTouchesADestinationAForeignRouteHolds) {
  EXPECT_TRUE(rc::check([] {
    const HostState actual = some_state(true);
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
