#include "reconcile/purge.h"

#include "unit/reconcile/applied.h"

namespace overland {
namespace {

using namespace tests;

TEST_F(Apply, PurgeTakesAllAwayAndPutsBackWhatItReplaced) {
  machine.state.routes.clear();
  machine.facts.docker.running = false;
  const auto before = machine.state;
  run();
  machine.daemon_json = "rewritten";
  const auto saved = reconcile::load_saved(saved_file);
  const auto report = reconcile::purge(
      machine.ports(), reconcile::survey_removal(machine.ports(), saved), saved_file, saved);
  EXPECT_TRUE(report.converged());
  EXPECT_EQ(machine.state.routes, before.routes);
  EXPECT_EQ(machine.state.sysctls, before.sysctls);
  EXPECT_EQ(machine.state.firewall, std::nullopt);
  EXPECT_EQ(machine.state.docker->keys.at("bip"), std::nullopt);
  EXPECT_EQ(machine.daemon_json, "{}");
  EXPECT_FALSE(std::filesystem::exists(saved_file));
}

TEST_F(Apply, PurgeLeavesWhatSomebodyChangedSince) {
  run();
  machine.state.docker->keys["bip"] = "\"10.77.0.1/24\"";
  machine.state.sysctls[0].value = "2";
  const auto saved = reconcile::load_saved(saved_file);
  reconcile::purge(machine.ports(), reconcile::survey_removal(machine.ports(), saved), saved_file,
                   saved);
  EXPECT_EQ(machine.state.docker->keys["bip"], "\"10.77.0.1/24\"");
  EXPECT_EQ(machine.state.sysctls[0].value, "2");
}

TEST_F(Apply, PurgeGivesAdoptedRoutesBack) {
  machine.state.routes.clear();
  model::ForeignRoute foreign;
  foreign.destination = net("192.168.200.0/24");
  foreign.gateways = {addr("10.0.0.9")};
  foreign.link = "eth0";
  machine.foreign = {foreign};
  EXPECT_TRUE(run({.adopt = true}).converged());
  EXPECT_TRUE(machine.foreign.empty());
  const auto saved = reconcile::load_saved(saved_file);
  const auto purge = [&] {
    auto before = reconcile::survey_removal(machine.ports(), saved);
    return reconcile::purge(machine.ports(), std::move(before), saved_file, saved);
  };
  EXPECT_TRUE(purge().complete());
  EXPECT_EQ(machine.foreign, std::vector{foreign});
  machine.foreign[0].gateways = {addr("10.0.0.8")};
  const auto others = machine.foreign;
  EXPECT_TRUE(purge().complete());
  EXPECT_EQ(machine.foreign, others) << "somebody has made one since";
}

TEST_F(Apply, PurgeTellsWhatItDoesNotUnderstand) {
  run();
  machine.remnants = {"route 10.2.0.0/24 of protocol 111 in table 77"};
  const auto saved = reconcile::load_saved(saved_file);
  auto before = reconcile::survey_removal(machine.ports(), saved);
  const auto report = reconcile::purge(machine.ports(), std::move(before), saved_file, saved);
  EXPECT_EQ(report.remnants, machine.remnants);
  EXPECT_FALSE(report.complete());
}

TEST_F(Apply, PurgeIsNotStoppedByANameThatIsNone) {
  run();
  auto saved = reconcile::load_saved(saved_file);
  saved.sysctls["net.ipv4../../etc/passwd"] = {"0", "1"};
  auto before = reconcile::survey_removal(machine.ports(), saved);
  ASSERT_FALSE(before.plan.advice().empty());
  EXPECT_EQ(before.plan.advice()[0].resource, "sysctl net.ipv4../../etc/passwd");
  const auto report = reconcile::purge(machine.ports(), std::move(before), saved_file, saved);
  EXPECT_TRUE(report.complete());
}

/// A host whose forwarding we turned on, with Docker's guard.
class Guarded : public Apply {
 protected:
  Guarded() {
    goal = [](const model::HostFacts&) {
      auto state = two_hosts_desired();
      state.firewall->guard = model::FirewallGuard::kForwardPolicy;
      return state;
    };
    run();
  }
  reconcile::ApplyReport purge() {
    const auto saved = reconcile::load_saved(saved_file);
    auto before = reconcile::survey_removal(machine.ports(), saved);
    return reconcile::purge(machine.ports(), std::move(before), saved_file, saved);
  }
  /// What the removal of the rules says of the guard: whether it is lifted.
  static bool lifts(const reconcile::ApplyReport& report) {
    for (const auto& one : report.steps) {
      const auto* step = std::get_if<plan::FirewallStep>(&one.step);
      if (step != nullptr) return step->from->guard == model::FirewallGuard::kForwardPolicy;
    }
    return false;
  }
};

TEST_F(Guarded, PurgeLeavesForwardingAndThePolicyToADockerdThatRuns) {
  const auto report = purge();
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(machine.state.sysctls[0].value, "1");
  EXPECT_FALSE(lifts(report));
  EXPECT_FALSE(std::filesystem::exists(saved_file));
}

TEST_F(Guarded, PurgePutsBothBackWhereNoDockerdRuns) {
  machine.facts.docker.running = false;
  const auto report = purge();
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(machine.state.sysctls[0].value, "0");
  EXPECT_TRUE(lifts(report));
}

TEST_F(Guarded, PurgeLeavesBothWhereItDoesNotKnowWhatWasBefore) {
  machine.facts.docker.running = false;
  machine.facts.firewall.stands = true;
  std::filesystem::remove(saved_file);
  const auto report = purge();
  EXPECT_EQ(machine.state.sysctls[0].value, "1");
  EXPECT_FALSE(lifts(report));
}

TEST_F(Guarded, WhereTheGuardIsOursForwardingGoesWithItWhateverIsKnown) {
  machine.facts.docker.running = false;
  machine.facts.firewall.stands = true;
  machine.state.firewall->guard = model::FirewallGuard::kChain;
  std::filesystem::remove(saved_file);
  purge();
  EXPECT_EQ(machine.state.sysctls[0].value, "0");
}

TEST_F(Guarded, PurgeOpensForwardThoughAllThatToldOfItWasWiped) {
  machine.facts.docker.running = false;
  machine.state.firewall.reset();
  ASSERT_FALSE(machine.facts.firewall.forward_drops.empty());
  const auto report = purge();
  EXPECT_TRUE(report.complete());
  EXPECT_TRUE(lifts(report));
  EXPECT_TRUE(machine.facts.firewall.forward_drops.empty());
}

TEST_F(Guarded, PurgeLeavesWhatOnlyTheMemoryTellsToADockerdThatRuns) {
  machine.state.firewall.reset();
  EXPECT_TRUE(purge().complete());
  EXPECT_FALSE(machine.facts.firewall.forward_drops.empty());
}

TEST_F(Guarded, PurgeLeavesAPolicyThatWasThereBeforeUs) {
  machine.facts.docker.running = false;
  std::filesystem::remove(saved_file);
  machine.state = two_hosts_fresh();
  machine.facts.firewall.forward_drops = {model::FirewallVariant::kNft};
  run();
  machine.state.firewall.reset();
  EXPECT_TRUE(purge().complete());
  EXPECT_FALSE(machine.facts.firewall.forward_drops.empty());
}

TEST_F(Guarded, ForwardingIsNotTurnedOnWithoutIt) {
  machine.state = two_hosts_fresh();
  machine.fail_at = machine.changes;  // the firewall
  machine.dead_after = true;
  const auto report = run();
  EXPECT_EQ(machine.state.sysctls[0].value, "0");
  EXPECT_EQ(*report.steps[1].why, "because firewall failed");
}

}  // namespace
}  // namespace overland
