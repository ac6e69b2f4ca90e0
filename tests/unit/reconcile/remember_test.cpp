// What is remembered before a plan is carried out, and who turned forwarding on by that memory.

#include <gtest/gtest.h>

#include "reconcile/saved_state.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;

TEST(Remember, KeepsTheFirstValueOverOurOwnLaterChanges) {
  auto desired = two_hosts_desired();
  auto now = two_hosts_fresh();
  now.docker->keys["bip"] = "\"10.1.1.1/24\"";
  const plan::DockerStep first{now.docker, desired.docker};
  auto saved = reconcile::remember({}, {first}, running_docker());
  auto later = desired;
  later.docker->keys["bip"] = "\"192.168.101.1/24\"";
  saved = reconcile::remember(saved, {plan::DockerStep{desired.docker, later.docker}},
                              running_docker());
  EXPECT_EQ(saved.daemon_keys["bip"].before, "\"10.1.1.1/24\"");
  EXPECT_EQ(saved.daemon_keys["bip"].set, "\"192.168.101.1/24\"");
}

TEST(Remember, AdoptedPoolsAreGivenBackAndOurOwnAreNot) {
  const auto saved_after = [](const char* from, const char* to, reconcile::SavedState saved) {
    auto now = two_hosts_desired();
    auto desired = two_hosts_desired();
    if (from != nullptr) now.docker->keys["default-address-pools"] = from;
    desired.docker->keys["default-address-pools"] = to;
    return reconcile::remember(std::move(saved), {plan::DockerStep{now.docker, desired.docker}},
                               running_docker());
  };
  const auto ours = saved_after("[1]", "[2]", saved_after(nullptr, "[1]", {}));
  EXPECT_EQ(ours.daemon_keys.at("default-address-pools").before, std::nullopt);
  const auto adopted = saved_after("[3]", "[2]", ours);
  EXPECT_EQ(adopted.daemon_keys.at("default-address-pools").before, "[3]");
  EXPECT_EQ(adopted.daemon_keys.at("default-address-pools").set, "[2]");
}

TEST(Remember, BipAloneNeedsNoReadingSinceTheBridgeShowsIt) {
  const plan::DockerStep step{two_hosts_fresh().docker, two_hosts_desired().docker};
  EXPECT_EQ(reconcile::remember({}, {step}, running_docker()).unread_by, "");
}

TEST(Remember, OtherKeysWaitForAnotherLifeOfDockerd) {
  auto desired = two_hosts_desired();
  desired.docker->keys["allow-direct-routing"] = "true";
  const plan::DockerStep step{two_hosts_fresh().docker, desired.docker};
  EXPECT_EQ(reconcile::remember({}, {step}, running_docker()).unread_by, "42:1000");
}

TEST(Remember, ForwardsPolicyIsOursOnlyWhereWeClosedItInThisBoot) {
  using model::FirewallVariant;
  auto facts = running_docker();
  facts.boot = "one";
  auto policy = two_hosts_policy(FirewallVariant::kLegacy);
  policy.guard = model::FirewallGuard::kForwardPolicy;
  const plan::FirewallStep step{std::nullopt, policy};
  auto saved = reconcile::remember({}, {step}, facts);
  EXPECT_EQ(saved.closed_forward[FirewallVariant::kLegacy], "one");
  facts.firewall.forward_drops = {FirewallVariant::kLegacy};
  saved = reconcile::remember(saved, {step}, facts);
  EXPECT_EQ(saved.closed_forward.size(), 1U) << "closed already, by us";
  EXPECT_TRUE(reconcile::remember({}, {step}, facts).closed_forward.empty()) << "by somebody else";
  auto unread = facts;
  unread.firewall.forward_drops.clear();
  unread.firewall.unknown = {{}};
  EXPECT_EQ(reconcile::remember(saved, {}, unread).closed_forward, saved.closed_forward);
  facts.boot = "two";
  EXPECT_TRUE(reconcile::remember(saved, {}, facts).closed_forward.empty());
  facts.boot = "one";
  facts.firewall.forward_drops.clear();
  EXPECT_TRUE(reconcile::remember(saved, {}, facts).closed_forward.empty()) << "opened meanwhile";
}

plan::SysctlStep set(const char* from, const char* to) {
  return {model::Sysctl{"net.ipv4.conf.eth0.rp_filter", from},
          model::Sysctl{"net.ipv4.conf.eth0.rp_filter", to}};
}

model::HostFacts booted(const char* boot) {
  model::HostFacts facts;
  facts.boot = boot;
  return facts;
}

TEST(Remember, ARepairedValueWasNotThereBeforeUs) {
  auto saved = reconcile::remember({}, {set("1", "2")}, booted("a"));
  saved = reconcile::remember(saved, {set("0", "2")}, booted("a"));
  EXPECT_EQ(saved.sysctls.at("net.ipv4.conf.eth0.rp_filter").before, "1");
}

TEST(Remember, EachBootStartsWithItsOwnValue) {
  auto saved = reconcile::remember({}, {set("1", "2")}, booted("a"));
  saved = reconcile::remember(saved, {set("0", "2")}, booted("b"));
  EXPECT_EQ(saved.sysctls.at("net.ipv4.conf.eth0.rp_filter").before, "0");
  model::HostState now;
  now.sysctls = {{"net.ipv4.conf.eth0.rp_filter", "2"}};
  EXPECT_EQ(reconcile::without_us(saved, now, "b").sysctls.front().value, "0");
  EXPECT_TRUE(reconcile::without_us(saved, now, "c").sysctls.empty()) << "not set in this boot";
}

using model::Forwarding;

class WhoForwards : public ::testing::Test {
 protected:
  Forwarding who(const char* now) const { return reconcile::who_forwards(now, saved, facts); }
  /// What an apply in this boot remembers, with or without a step.
  void apply(const char* now) {
    facts.forwarding = who(now);
    std::vector<plan::Step> steps;
    if (std::string(now) == "0") {
      steps.emplace_back(plan::SysctlStep{model::Sysctl{model::kIpForward, "0"},
                                          model::Sysctl{model::kIpForward, "1"}});
    }
    saved = reconcile::remember(saved, steps, facts);
    facts.firewall.stands = true;
  }
  void reboot() {
    facts.boot += "+";
    facts.firewall = {};
  }

  reconcile::SavedState saved;
  model::HostFacts facts = booted("a");
};

TEST_F(WhoForwards, IsWhoeverTurnedItOnInThisBoot) {
  EXPECT_EQ(who("0"), Forwarding::kOff);
  apply("0");
  EXPECT_EQ(who("1"), Forwarding::kOurs);
  EXPECT_EQ(who("0"), Forwarding::kOurs) << "a drift";
  reboot();
  EXPECT_EQ(who("1"), Forwarding::kForeign) << "/etc/sysctl.d was first this time";
  apply("1");
  EXPECT_EQ(who("1"), Forwarding::kForeign);
  EXPECT_EQ(who("0"), Forwarding::kForeign) << "a drift repaired stays somebody else's";
  reboot();
  EXPECT_EQ(who("0"), Forwarding::kOff);
}

TEST_F(WhoForwards, IsAskedAnewWhereANamespaceEndedWithinABoot) {
  apply("1");
  EXPECT_EQ(who("0"), Forwarding::kForeign);
  facts.firewall = {};
  EXPECT_EQ(who("0"), Forwarding::kOff);
  apply("0");
  EXPECT_EQ(who("1"), Forwarding::kOurs);
}

TEST_F(WhoForwards, IsNotKnownWhereRulesOutliveTheMemory) {
  apply("0");
  saved = {};
  EXPECT_EQ(who("1"), Forwarding::kForgotten);
  apply("1");
  EXPECT_EQ(who("1"), Forwarding::kForgotten) << "and that is remembered";
  EXPECT_FALSE(saved.sysctls.at(model::kIpForward).before);
}

TEST_F(WhoForwards, IsWeWhereAnEarlierVersionRememberedIt) {
  saved.sysctls[model::kIpForward] = {"0", "1", ""};
  facts.firewall.stands = true;
  EXPECT_EQ(who("1"), Forwarding::kOurs);
  saved.sysctls.clear();
  saved.subnets = reconcile::Subnets::parse("a 192.168.1.0/24\n");
  EXPECT_EQ(who("1"), Forwarding::kForeign) << "it had needed no step";
}

TEST_F(WhoForwards, IsWeWhereOurGuardStands) {
  apply("0");
  facts.boot = "another";
  facts.firewall.guarded = true;
  EXPECT_EQ(who("1"), Forwarding::kOurs);
}

}  // namespace
}  // namespace overland
