// What stands in for dockerd's policy DROP, and where there is no Docker, on a real kernel.

#include <gmock/gmock.h>

#include "firewall/host_firewall.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall {
namespace {

using model::FirewallGuard;
using model::FirewallPolicy;
using model::FirewallVariant;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::sh;
using tests::two_host_policy;

class GuardTest : public tests::Sandbox, public testing::WithParamInterface<FirewallVariant> {
 protected:
  static HostFirewallOptions options() {
    HostFirewallOptions result;
    result.trace.program = OVERLAND_TRACE_BUILT;
    return result;
  }
  FirewallPolicy policy(FirewallGuard guard) const {
    FirewallPolicy result = two_host_policy();
    result.variant = GetParam();
    result.guard = guard;
    return result;
  }
  std::string iptables() const {
    return GetParam() == FirewallVariant::kNft ? "iptables-nft " : "iptables-legacy ";
  }
  std::string forward() const { return sh(iptables() + "-S FORWARD | head -n 1"); }

  base::Deadline deadline_{std::chrono::seconds(60)};
  HostFirewall firewall_{deadline_, options()};
};

TEST_P(GuardTest, PolicyIsThereBeforeDockerAndGoesWithUs) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  EXPECT_EQ(forward(), "-P FORWARD DROP\n");
  const auto found = firewall_.read(wanted);
  EXPECT_EQ(found->policy, wanted);
  EXPECT_THAT(found->defects, IsEmpty());
  const auto facts = firewall_.facts({});
  EXPECT_TRUE(facts.stands);
  EXPECT_TRUE(facts.guarded);
  firewall_.apply({wanted, std::nullopt});
  EXPECT_THAT(sh(iptables() + "-S"), testing::Not(HasSubstr("DROP")));
  EXPECT_FALSE(firewall_.read({}).has_value());
  EXPECT_FALSE(firewall_.facts({}).stands);
}

TEST_P(GuardTest, PolicyThatSomebodyOpensIsADefect) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  sh(iptables() + "-P FORWARD ACCEPT");
  EXPECT_THAT(firewall_.read(wanted)->defects,
              ElementsAre("filter FORWARD has the policy ACCEPT, no longer DROP"));
  firewall_.apply({wanted, wanted});
  EXPECT_EQ(forward(), "-P FORWARD DROP\n");
}

TEST_P(GuardTest, PolicyOfSomebodyElseStays) {
  sh(iptables() + "-P FORWARD DROP");
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  EXPECT_EQ(firewall_.read(policy(FirewallGuard::kNone))->policy.guard, FirewallGuard::kNone);
  firewall_.apply({wanted, policy(FirewallGuard::kNone)});
  firewall_.apply({wanted, std::nullopt});
  EXPECT_EQ(forward(), "-P FORWARD DROP\n");
}

TEST_P(GuardTest, PolicySurvivesATableMadeAnew) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  sh("nft add chain ip overland stranger");
  firewall_.apply({wanted, wanted});
  EXPECT_EQ(firewall_.read(policy(FirewallGuard::kNone))->policy.guard,
            FirewallGuard::kForwardPolicy)
      << "it is still known as ours";
  firewall_.apply({wanted, policy(FirewallGuard::kNone)});
  EXPECT_EQ(forward(), "-P FORWARD ACCEPT\n");
}

TEST_P(GuardTest, PolicyIsTakenBackThoughOurTableIsLost) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  for (const bool repaired : {false, true}) {
    firewall_.apply({{}, wanted});
    sh("nft delete table ip overland");
    EXPECT_TRUE(firewall_.facts({}).guarded);
    if (repaired) firewall_.apply({firewall_.read(wanted)->policy, wanted});
    const auto found = firewall_.read({});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->policy.guard, FirewallGuard::kForwardPolicy) << repaired;
    firewall_.apply({found->policy, std::nullopt});
    EXPECT_THAT(sh(iptables() + "-S"), testing::Not(HasSubstr("DROP"))) << repaired;
    EXPECT_THAT(firewall_.remnants(), IsEmpty());
    EXPECT_THAT(sh("iptables-legacy -S; iptables-nft -S"), testing::Not(HasSubstr("OVERLAND")));
  }
}

TEST_P(GuardTest, PolicyIsTakenBackThoughTheChainsBesideItAreLost) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  sh(iptables() + "-F; " + iptables() + "-X");
  firewall_.apply({firewall_.read({})->policy, std::nullopt});
  EXPECT_EQ(forward(), "-P FORWARD ACCEPT\n");
}

TEST_P(GuardTest, PolicyIsTakenBackThoughOnlyTheStepTellsOfIt) {
  const FirewallPolicy wanted = policy(FirewallGuard::kForwardPolicy);
  firewall_.apply({{}, wanted});
  sh("nft delete table ip overland");
  for (const char* const table : {"filter", "raw"}) {
    const std::string there = iptables() + "-t " + table;
    sh(there + " -F; " + there + " -X");
  }
  EXPECT_FALSE(firewall_.read({}).has_value());
  EXPECT_THAT(firewall_.facts({}).forward_drops, ElementsAre(GetParam()));
  firewall_.apply({wanted, std::nullopt, {}, {GetParam()}});
  EXPECT_EQ(forward(), "-P FORWARD ACCEPT\n");
  EXPECT_THAT(firewall_.facts({}).forward_drops, IsEmpty());
}

TEST_P(GuardTest, ChainDropsBehindFilterWhatIsNotMarked) {
  const FirewallPolicy wanted = policy(FirewallGuard::kChain);
  firewall_.apply({{}, wanted});
  const std::string chain = sh("nft list chain ip overland guard");
  EXPECT_THAT(chain, HasSubstr("type filter hook forward priority filter + 5; policy accept;"));
  EXPECT_THAT(chain, HasSubstr("meta mark & 0x00200000 == 0x00000000 counter packets 0 bytes 0 "
                               "drop"));
  EXPECT_EQ(firewall_.read(wanted)->policy, wanted);
  EXPECT_THAT(firewall_.read(wanted)->defects, IsEmpty());
  EXPECT_THAT(tests::certain(firewall_.droppers(wanted)), IsEmpty()) << "not somebody else's";
  sh("nft flush chain ip overland guard");
  EXPECT_THAT(firewall_.read(wanted)->defects,
              ElementsAre("chain guard of table ip overland lacks a rule"));
  firewall_.apply({wanted, policy(FirewallGuard::kForwardPolicy)});
  EXPECT_EQ(forward(), "-P FORWARD DROP\n");
  EXPECT_THAT(sh("nft list table ip overland"), testing::Not(HasSubstr("chain guard")));
}

TEST_P(GuardTest, WhatBearsOurMarkElsewhereIsNamed) {
  EXPECT_THAT(firewall_.remnants(), IsEmpty());
  sh("nft add table inet overland; nft add table ip6 filter; nft add chain ip6 filter OVERLAND-X;"
     "iptables-legacy -t mangle -N OVERLAND-Y; nft add table ip mine; nft add chain ip mine over");
  EXPECT_THAT(
      firewall_.remnants(),
      testing::UnorderedElementsAre("table inet overland", "chain OVERLAND-X of table ip6 filter",
                                    "chain OVERLAND-Y of legacy table mangle"));
}

INSTANTIATE_TEST_SUITE_P(Variants, GuardTest,
                         testing::Values(FirewallVariant::kNft, FirewallVariant::kLegacy),
                         [](const auto& variant) {
                           return variant.param == FirewallVariant::kNft ? "Nft" : "Legacy";
                         });

}  // namespace
}  // namespace overland::firewall
