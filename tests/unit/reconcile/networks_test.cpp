// Docker networks from look to purge, on a machine in memory.

#include "unit/networks.h"

#include "plan/describe.h"
#include "reconcile/purge.h"
#include "reconcile/rollback.h"
#include "unit/reconcile/applied.h"

namespace overland {
namespace {

using namespace tests;

class ApplyNetworks : public Apply {
 protected:
  ApplyNetworks() {
    machine.facts.docker.networks_known = true;
    machine.state = wanted = two_hosts_desired();
    machine.bridge().addresses = {iface("192.168.100.1/24")};
    wanted.networks = {bridge("app", "192.168.110.0/24")};
    goal = [this](const model::HostFacts&) { return wanted; };
  }
  reconcile::Survey look(const plan::Options& options = {}) {
    return reconcile::survey(machine.ports(), goal, reconcile::load_saved(saved_file), options);
  }
  reconcile::ApplyReport purge() {
    const auto saved = reconcile::load_saved(saved_file);
    return reconcile::purge(machine.ports(), reconcile::survey_removal(machine.ports(), saved),
                            saved_file, saved);
  }

  model::HostState wanted;
};

TEST_F(ApplyNetworks, OneIsMadeOnceAndAgainWhereItVanished) {
  EXPECT_TRUE(run().settled());
  EXPECT_EQ(machine.state.networks, wanted.networks);
  EXPECT_FALSE(run().changed());
  EXPECT_EQ(machine.asked_for_users, 0) << "nothing was to change";
  machine.state.networks.clear();  // docker network prune
  EXPECT_TRUE(run().settled());
  EXPECT_EQ(machine.state.networks, wanted.networks);
}

TEST_F(ApplyNetworks, AUsedOneStaysUntilItIsAskedFor) {
  run();
  machine.users["app"] = {"web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  const auto held = run();
  EXPECT_FALSE(held.settled());
  EXPECT_TRUE(held.converged());
  EXPECT_EQ(machine.state.networks[0].subnet, net("192.168.110.0/24"));
  EXPECT_TRUE(run({.recreate_networks = true}).settled());
  EXPECT_EQ(machine.state.networks, wanted.networks);
}

TEST_F(ApplyNetworks, CutOffInTheMiddleTheNextRunPutsThemBack) {
  run();
  machine.users["app"] = {"db", "web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  for (const bool stands : {true, false}) {
    machine.killed = [&] {  // web is off it, and perhaps it is gone
      machine.users["app"] = {"db"};
      machine.idle = {"web"};
      if (!stands) machine.state.networks.clear();
    };
    EXPECT_THROW(run({.recreate_networks = true}), std::logic_error);
    machine.killed = nullptr;
    ASSERT_EQ(reconcile::load_saved(saved_file).moving.at("app").size(), 2U);
    EXPECT_TRUE(run().settled()) << "any run, unasked";
    EXPECT_EQ(machine.state.networks, wanted.networks);
    EXPECT_EQ(machine.users["app"].size(), 2U);
    EXPECT_TRUE(reconcile::load_saved(saved_file).moving.empty());
    EXPECT_FALSE(run().changed());
    wanted.networks = {bridge("app", "192.168.112.0/24")};
  }
}

TEST_F(ApplyNetworks, WhoIsGoneMeanwhileIsLetGoWithAWord) {
  run();
  machine.users["app"] = {"db", "web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  machine.killed = [&] { machine.users["app"] = {"db"}; };  // and web removed
  EXPECT_THROW(run({.recreate_networks = true}), std::logic_error);
  machine.killed = nullptr;
  machine.state.networks = wanted.networks;
  const auto report = run();
  ASSERT_EQ(report.steps.size(), 1U);
  EXPECT_NE(plan::detail(report.steps[0].step).find("is no more: web"), std::string::npos);
  EXPECT_TRUE(reconcile::load_saved(saved_file).moving.empty());
  EXPECT_FALSE(run().changed());
}

TEST_F(ApplyNetworks, WhatCannotBeRememberedIsNotTakenApart) {
  run();
  machine.users["app"] = {"web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  const plan::Options options{.recreate_networks = true};
  reconcile::apply(machine.ports(), look(options), goal, "/proc/none/state.json",
                   reconcile::load_saved(saved_file), options);
  EXPECT_EQ(machine.state.networks[0].subnet, net("192.168.110.0/24"));
  EXPECT_TRUE(run({.recreate_networks = true}).settled());
}

TEST_F(ApplyNetworks, OnceItFailedItIsHeldNotTriedAgain) {
  run();
  machine.users["app"] = {"web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  wanted.routes.clear();
  const auto before = machine.state;
  for (int later = 0; later < 10; ++later) {
    machine.state = before;
    machine.fail_at = machine.changes + later;
    const auto report = run({.recreate_networks = true});
    const auto failed = std::ranges::count_if(report.steps, [](const auto& one) {
      return std::holds_alternative<plan::NetworkStep>(one.step) &&
             one.status == reconcile::Status::kFailed;
    });
    EXPECT_LE(failed, 1);
    if (failed == 0) continue;
    EXPECT_EQ(report.after.facts.held_networks, std::vector<std::string>{"app"});
    return;
  }
  FAIL() << "it never failed";
}

TEST_F(ApplyNetworks, WhatServesAHeldOneIsAimedAtAgain) {
  run();
  machine.users["app"] = {"web"};
  wanted.networks = {bridge("app", "192.168.111.0/24")};
  std::vector<std::vector<std::string>> aims;
  const auto plain = goal;
  goal = [&](model::HostFacts& facts) {
    aims.push_back(facts.held_networks);
    return plain(facts);
  };
  look();
  EXPECT_EQ(aims, (std::vector<std::vector<std::string>>{{}, {"app"}}));
}

TEST_F(ApplyNetworks, StoppedContainersOfAnothersNetworkAreNotTakenIn) {
  run();
  const auto ours = machine.id_of("app");
  machine.state.networks.clear();
  machine.idle = {"web", "other"};
  machine.strays["app"] = {{.id = "id of web", .name = "web", .network = ours},
                           {.id = "id of other", .name = "other", .network = "another's"}};
  const auto found = look();
  ASSERT_EQ(found.facts.missing_members->size(), 1U);
  ASSERT_EQ(found.facts.missing_members->at(0).members.size(), 1U);
  EXPECT_EQ(found.facts.missing_members->at(0).members[0].name, "web");
}

TEST_F(ApplyNetworks, ATrialsNetworksGoBeforeTheirParents) {
  wanted.links = {vlan("eth0", 10, "172.16.10.9/24")};
  wanted.networks = {macvlan("mv10", "172.16.10.0/24", "eth0.10")};
  auto found = look();
  const auto before = reconcile::remember_before(machine.ports(), found, saved_file);
  reconcile::apply(machine.ports(), std::move(found), goal, saved_file, {}, {});
  machine.told.clear();
  EXPECT_TRUE(reconcile::roll_back(machine.ports(), before, saved_file).empty());
  EXPECT_EQ(machine.told.at(0), "network mv10");
  EXPECT_TRUE(machine.state.links.empty());
}

TEST_F(ApplyNetworks, WithoutDockerTheRestIsDone) {
  machine.facts.docker.networks_known = false;
  machine.state.routes.clear();
  EXPECT_TRUE(run().settled());
  EXPECT_EQ(machine.state.routes, wanted.routes);
  EXPECT_TRUE(machine.state.networks.empty());
  machine.facts.docker.networks_known = true;
  run();
  EXPECT_EQ(machine.state.networks, wanted.networks);
}

TEST_F(ApplyNetworks, OneWhoseLinkFailsIsNotMade) {
  wanted.links = {vlan("eth0", 10, "172.16.10.9/24")};
  wanted.networks = {macvlan("mv10", "172.16.10.0/24", "eth0.10")};
  machine.fail_at = 0;
  machine.dead_after = true;
  const auto report = run();
  ASSERT_GE(report.steps.size(), 2U);
  EXPECT_EQ(report.steps[0].status, reconcile::Status::kFailed);
  EXPECT_EQ(report.steps[1].status, reconcile::Status::kSkipped) << "Docker would make the link";
}

TEST_F(ApplyNetworks, OneWhoseParentWasGoneIsBrokenUntilItIsMadeAnew) {
  wanted.networks = {macvlan("mv", "172.16.10.0/24", "eth7")};
  machine.facts.links.push_back(link("eth7", {}));
  run();
  machine.users["mv"] = {"web"};
  machine.facts.links.pop_back();
  run();
  EXPECT_EQ(look().facts.broken_networks, std::vector<std::string>{"mv"});
  machine.facts.links.push_back(link("eth7", {}));
  EXPECT_FALSE(run().settled()) << "containers do not start on it, although the link is back";
  EXPECT_TRUE(run({.recreate_networks = true}).settled());
  EXPECT_TRUE(look().facts.broken_networks.empty());
}

TEST_F(ApplyNetworks, ADockerThatFoundTheParentMendsIt) {
  wanted.networks = {macvlan("mv", "172.16.10.0/24", "eth7")};
  machine.state.networks = wanted.networks;
  machine.users["mv"] = {"web"};
  run();
  machine.facts.links.push_back(link("eth7", {}));
  EXPECT_FALSE(run().settled());
  machine.facts.docker.instance = "another";
  EXPECT_TRUE(run().settled());
}

TEST_F(ApplyNetworks, ATrialPutsThemBack) {
  machine.state.networks = {bridge("app", "192.168.111.0/24"), bridge("old", "192.168.112.0/24")};
  wanted.networks.push_back(bridge("new", "192.168.113.0/24"));
  const auto state = machine.state;
  auto found = look();
  const auto before = reconcile::remember_before(machine.ports(), found, saved_file);
  reconcile::apply(machine.ports(), std::move(found), goal, saved_file, {}, {});
  EXPECT_EQ(machine.state.networks, wanted.networks);
  EXPECT_TRUE(reconcile::roll_back(machine.ports(), before, saved_file).empty());
  EXPECT_EQ(machine.state, state);
}

TEST_F(ApplyNetworks, ATrialThatDidNotKnowThemLeavesThemAlone) {
  machine.facts.docker.networks_known = false;
  machine.state.routes.clear();
  auto found = look();
  const auto before = reconcile::remember_before(machine.ports(), found, saved_file);
  reconcile::apply(machine.ports(), std::move(found), goal, saved_file, {}, {});
  machine.facts.docker.networks_known = true;
  machine.state.networks = wanted.networks;
  EXPECT_TRUE(reconcile::roll_back(machine.ports(), before, saved_file).empty());
  EXPECT_EQ(machine.state.networks, wanted.networks);
}

TEST_F(ApplyNetworks, PurgeTakesTheUnusedAndNamesTheOthers) {
  wanted.networks.push_back(bridge("web", "192.168.111.0/24"));
  run();
  machine.users["web"] = {"front"};
  const auto report = purge();
  EXPECT_FALSE(report.complete());
  ASSERT_EQ(machine.state.networks.size(), 1U);
  EXPECT_EQ(machine.state.networks[0].name, "web");
  ASSERT_FALSE(report.after.plan.advice().empty());
  EXPECT_EQ(report.after.plan.advice().back().message, "stays, since front uses it");
  machine.users.clear();
  EXPECT_TRUE(purge().complete());
  EXPECT_TRUE(machine.state.networks.empty());
}

TEST_F(ApplyNetworks, APurgeWithoutDockerIsNotTheWholeOne) {
  run();
  machine.facts.docker.networks_known = false;
  EXPECT_FALSE(purge().complete());
  machine.facts.docker.networks_known = true;
  EXPECT_TRUE(purge().complete());
  machine.facts.docker.networks_known = false;
  EXPECT_TRUE(purge().complete()) << "none was ever made";
}

}  // namespace
}  // namespace overland
