// Detection and the change of variant on a real kernel.

#include "firewall/host_firewall.h"

#include <gmock/gmock.h>

#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall {
namespace {

using model::FirewallVariant;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::sh;
using tests::two_host_policy;

class HostFirewallKernelTest : public tests::Sandbox {
 protected:
  model::FirewallPolicy policy(FirewallVariant variant) {
    model::FirewallPolicy result = two_host_policy();
    result.variant = variant;
    return result;
  }
  void apply(FirewallVariant variant) { firewall_.apply({{}, policy(variant)}); }

  static HostFirewallOptions options() {
    HostFirewallOptions result;
    result.trace.program = OVERLAND_TRACE_BUILT;
    return result;
  }
  std::vector<std::string> droppers() {
    return tests::certain(firewall_.droppers(policy(FirewallVariant::kNft)));
  }
  /// From then on that is what the host's iptables does.
  static void replace_iptables(const std::string& script) {
    sh("mount -t tmpfs -o mode=755 tmpfs /etc/alternatives;"
       "printf '#!/bin/sh\\n" +
       script + "\\n' > /etc/alternatives/iptables; chmod 755 /etc/alternatives/iptables");
  }

  base::Deadline deadline_{std::chrono::seconds(60)};
  HostFirewall firewall_{deadline_, options()};
};

TEST_F(HostFirewallKernelTest, LooksWithoutMakingAnyTable) {
  const auto facts = firewall_.facts({});
  EXPECT_TRUE(facts.variant.has_value());
  EXPECT_FALSE(facts.both_variants);
  EXPECT_FALSE(firewall_.read(two_host_policy()).has_value());
  EXPECT_EQ(sh("cat /proc/thread-self/net/ip_tables_names"), "");
  EXPECT_EQ(sh("nft list ruleset"), "");
}

TEST_F(HostFirewallKernelTest, FindsDockersChainsInEitherVariant) {
  sh("iptables-legacy -N DOCKER-USER; iptables-legacy -I FORWARD -j DOCKER-USER");
  EXPECT_EQ(firewall_.facts({}).variant, FirewallVariant::kLegacy);
  EXPECT_FALSE(firewall_.facts({}).both_variants);
  sh("iptables-nft -t nat -A POSTROUTING -s 1.2.3.4 -j MASQUERADE");
  EXPECT_TRUE(firewall_.facts({}).both_variants);
  sh("iptables-legacy -F; iptables-legacy -X; iptables-nft -N DOCKER-USER;"
     "iptables-nft -I FORWARD -j DOCKER-USER");
  EXPECT_EQ(firewall_.facts({}).variant, FirewallVariant::kNft);
  EXPECT_FALSE(firewall_.facts({}).both_variants);
}

TEST_F(HostFirewallKernelTest, OwnRulesAreNoSignOfAVariant) {
  const auto before = firewall_.facts({});
  for (const FirewallVariant variant : {FirewallVariant::kNft, FirewallVariant::kLegacy}) {
    apply(variant);
    EXPECT_EQ(firewall_.facts({}).evidence, before.evidence);
    EXPECT_FALSE(firewall_.facts({}).both_variants);
  }
}

TEST_F(HostFirewallKernelTest, SwitchesVariantAndCleansUpTheOther) {
  for (const FirewallVariant variant :
       {FirewallVariant::kNft, FirewallVariant::kLegacy, FirewallVariant::kNft}) {
    apply(variant);
    const auto found = firewall_.read(policy(variant));
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(found->policy == policy(variant));
    EXPECT_THAT(found->defects, IsEmpty());
  }
  EXPECT_EQ(sh("iptables-legacy-save | grep -c OVERLAND; true"), "0\n");
  firewall_.apply({policy(FirewallVariant::kNft), {}});
  EXPECT_FALSE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  EXPECT_EQ(sh("nft list ruleset"), "");
}

TEST_F(HostFirewallKernelTest, NamesTheForeignRuleThatDrops) {
  sh("nft add table inet admin;"
     "nft add chain inet admin forward '{ type filter hook forward priority 10; policy drop; }';"
     "nft add rule inet admin forward ct state established,related accept");
  EXPECT_THAT(droppers(),
              ElementsAre(HasSubstr("\"policy drop\" in chain forward of table inet admin")));
  sh("nft insert rule inet admin forward meta mark and 0x200000 == 0x200000 accept");
  EXPECT_THAT(droppers(), IsEmpty());
  sh("nft delete table inet admin; nft add table ip mine; nft add chain ip mine sub;"
     "nft add chain ip mine forward '{ type filter hook forward priority 0; }';"
     "nft add rule ip mine forward ct state invalid drop;"
     "nft add rule ip mine forward jump sub;"
     "nft add rule ip mine sub ip daddr 1.2.3.4 drop");
  EXPECT_THAT(droppers(), IsEmpty());
  sh("nft add rule ip mine sub counter reject with icmp type admin-prohibited");
  EXPECT_THAT(droppers(), ElementsAre(testing::AllOf(HasSubstr("reject with icmp"),
                                                     HasSubstr("in chain sub of table ip mine"))));
}

TEST_F(HostFirewallKernelTest, NamesTheRuleThatStandsAboveTheJumpToUs) {
  apply(FirewallVariant::kNft);
  sh("iptables-nft -P FORWARD DROP; iptables-nft -I FORWARD -j DOCKER-USER");
  EXPECT_THAT(droppers(), IsEmpty());
  sh("iptables-nft -I FORWARD -s 192.168.0.0/16 -j DROP");
  EXPECT_THAT(droppers(),
              ElementsAre(testing::AllOf(HasSubstr("ip saddr 192.168.0.0/16"),
                                         HasSubstr("in chain FORWARD of table ip filter"))));
}

TEST_F(HostFirewallKernelTest, NamesThePolicyOfTheVariantDockerDoesNotUse) {
  apply(FirewallVariant::kNft);
  sh("iptables-legacy -P FORWARD DROP");
  firewall_.facts({});
  EXPECT_THAT(droppers(), ElementsAre(HasSubstr("iptables-legacy -P FORWARD ACCEPT")));
}

struct BrokenIptables {
  const char* script;
  const char* said;
};

class BrokenIptablesTest : public HostFirewallKernelTest,
                           public testing::WithParamInterface<BrokenIptables> {};

TEST_P(BrokenIptablesTest, IsAFindingAndNoVariantWhereTheTablesDoNotTell) {
  replace_iptables(GetParam().script);
  base::Deadline soon(std::chrono::milliseconds(500));
  HostFirewall firewall(soon, options());
  const auto facts = firewall.facts({});
  EXPECT_FALSE(facts.variant.has_value());
  ASSERT_EQ(facts.unknown.size(), 1U);
  EXPECT_THAT(facts.unknown[0].message, HasSubstr(GetParam().said));
  sh("iptables-nft -N DOCKER-USER; iptables-nft -I FORWARD -j DOCKER-USER");
  EXPECT_EQ(firewall.facts({}).variant, FirewallVariant::kNft);
  EXPECT_THAT(firewall.facts({}).unknown, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Of, BrokenIptablesTest,
    testing::Values(BrokenIptables{"exec sleep 60", "did not end within"},
                    BrokenIptables{"kill -SEGV $$", "does not say what it is (status 139)"},
                    BrokenIptables{"echo junk", "does not say what it is (status 0)"},
                    BrokenIptables{"exit 1", "does not say what it is (status 1)"}));

}  // namespace
}  // namespace overland::firewall
