// What is said of foreign rules anywhere on a packet's way: prerouting, mangle, the legacy tables;
// and of those that take its mark away.

#include <gmock/gmock.h>

#include "firewall/trace/droppers.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::trace {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::certain;
using tests::sh;
using tests::untold;

class TraceWayTest : public tests::Sandbox {
 protected:
  static model::FirewallPolicy policy() {
    model::FirewallPolicy result = tests::two_host_policy();
    result.peer_hosts = {};
    return result;
  }
  static model::FirewallPolicy legacy_policy() {
    model::FirewallPolicy result = policy();
    result.variant = model::FirewallVariant::kLegacy;
    return result;
  }

  /// Of one table with these rules in a base chain at `hook`.
  static std::vector<model::Finding> found_at(const std::string& hook, const std::string& rules) {
    sh("nft -f - <<'END'\ntable ip t { chain c { type filter hook " + hook + "; " + rules +
       "\n}; }\nEND");
    auto found = find_droppers(policy());
    sh("nft delete table ip t");
    return found;
  }
  static std::string conflict(const std::string& hook, const std::string& rules) {
    const auto found = certain(found_at(hook, rules));
    return found.empty() ? "" : found.front();
  }
};

TEST_F(TraceWayTest, ChainsAtPreroutingAreFollowed) {
  const char* const drops[] = {"drop", "ip saddr 192.168.0.0/16 drop", "iifname \"eth0\" drop",
                               "ct state invalid drop"};
  for (const char* rules : drops) {
    EXPECT_THAT(conflict("prerouting priority -300", rules), HasSubstr("drops traffic from"));
  }
  EXPECT_THAT(conflict("prerouting priority -300", "ct state new drop"), IsEmpty());
  EXPECT_THAT(conflict("prerouting priority -150", "ct state new drop"), HasSubstr("drops"));
  EXPECT_THAT(conflict("prerouting priority -150", "oifname \"eth0\" drop"), IsEmpty());
  EXPECT_THAT(conflict("postrouting priority 0", "oifname \"eth0\" drop"), HasSubstr("drops"));
  EXPECT_THAT(untold(found_at("prerouting priority -300", "fib saddr . iif oif missing drop")),
              ElementsAre(HasSubstr("may drop")));
  EXPECT_THAT(found_at("input priority 0", "drop"), IsEmpty());
}

TEST_F(TraceWayTest, AnAcceptOfOurMarkHelpsOnlyWhereItIsSet) {
  const std::string rules = "meta mark and 0x200000 == 0x200000 accept; drop";
  EXPECT_THAT(conflict("prerouting priority -300", rules), IsEmpty());
  EXPECT_THAT(conflict("prerouting priority -350", rules),
              HasSubstr("remedy: let it spare traffic between hosts"));
  EXPECT_THAT(conflict("prerouting priority -300", "drop"),
              HasSubstr("nft insert rule ip t c meta mark and 0x200000 == 0x200000 accept"));
}

TEST_F(TraceWayTest, AnOverwrittenMarkIsNamed) {
  const std::string early = "prerouting priority -150";
  const std::string told = "overwrites the mark of traffic from 192.168.200.0/24 to";
  EXPECT_THAT(conflict(early, "meta mark set 0x1"), HasSubstr(told));
  EXPECT_THAT(conflict(early, "meta mark set ct mark"), HasSubstr(told));
  // wg-quick's full tunnel.
  EXPECT_THAT(conflict(early, "meta l4proto udp meta mark set ct mark"),
              AllOf(HasSubstr(told), HasSubstr("meta mark and 0x200000 == 0x200000 accept")));
  EXPECT_THAT(conflict("forward priority -10", "meta mark set 0x7"), HasSubstr(told));
  EXPECT_THAT(conflict("forward priority -10", "meta mark set meta mark and 0xff"),
              HasSubstr(told));
  const char* const harmless[] = {"meta mark set meta mark or 0x1",
                                  "meta mark set meta mark and 0xff200000",
                                  "iifname \"wg0\" meta mark set 0x1",
                                  "meta mark set 0x200001",
                                  "ct mark set meta mark; meta mark set ct mark",
                                  "meta mark and 0x200000 == 0x200000 accept; meta mark set 0x1"};
  for (const char* rules : harmless) EXPECT_THAT(found_at(early, rules), IsEmpty()) << rules;
  EXPECT_THAT(found_at("prerouting priority -320", "meta mark set 0x1"), IsEmpty());
  // Connection tracking has not seen it: the rule ends there.
  EXPECT_THAT(found_at("prerouting priority -300", "meta mark set ct mark"), IsEmpty());
  const auto doubtful = found_at(early, "limit rate 1/second meta mark set 0x1");
  EXPECT_THAT(certain(doubtful), IsEmpty());
  EXPECT_THAT(untold(doubtful), ElementsAre(HasSubstr("may overwrite the mark")));
  const auto some = found_at(early, "tcp dport 1 limit rate 1/second meta mark set 0x1");
  EXPECT_THAT(untold(some), SizeIs(1));
}

TEST_F(TraceWayTest, TheMarkIsLostInOneTableAndMissedInAnother) {
  sh("nft 'table ip a { chain c { type filter hook prerouting priority -150; ct state new meta "
     "mark "
     "set 0x1; }; }; table inet b { chain c { type filter hook forward priority 5; meta mark and "
     "0x200000 == 0 drop; }; }'");
  // Each rule for its own: with the first one mended the second is of no harm.
  EXPECT_THAT(certain(find_droppers(policy())),
              ElementsAre(HasSubstr("overwrites the mark of traffic")));
}

TEST_F(TraceWayTest, TargetsOfIptables) {
  struct Case {
    std::string table;
    std::string rule;
    const char* told;
  };
  const Case cases[] = {
      {"mangle", "PREROUTING -j CONNMARK --restore-mark", "overwrites the mark"},
      {"mangle", "PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", ""},
      {"mangle", "PREROUTING -j MARK --set-mark 1", "overwrites the mark"},
      {"mangle", "PREROUTING -j MARK --set-xmark 0x1/0xff", ""},
      {"mangle", "PREROUTING -i eth1 -j MARK --set-mark 1", ""},
      {"mangle", "PREROUTING -m mark --mark 0x200000/0x200000 -j DROP", "drops traffic"},
      {"mangle", "PREROUTING -m mark ! --mark 0x200000/0x200000 -j DROP", ""},
      {"mangle", "FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", ""},
      {"mangle", "FORWARD -j DROP", "drops traffic"},
      {"raw", "PREROUTING -j DROP", ""},  // our accept stands first there
  };
  for (const Case& one : cases) {
    for (const std::string kind : {"nft", "legacy"}) {
      const std::string table = "iptables-" + kind + " -t " + one.table;
      sh(table + " -A " + one.rule);
      const auto found = certain(find_droppers(kind == "nft" ? policy() : legacy_policy()));
      EXPECT_THAT(found, SizeIs(*one.told == '\0' ? 0 : 1)) << kind << " " << one.rule;
      EXPECT_THAT(found, testing::Each(HasSubstr(one.told))) << kind << " " << one.rule;
      sh(table + " -F");
    }
  }
}

TEST_F(TraceWayTest, RejectOfIptablesAboveTheJumpToDockerUser) {
  for (const std::string kind : {"nft", "legacy"}) {
    const std::string iptables = "iptables-" + kind;
    sh(iptables + " -A FORWARD -s 192.168.200.0/24 -j REJECT;" + iptables + " -N DOCKER-USER;" +
       iptables + " -A FORWARD -j DOCKER-USER; " + iptables + " -A FORWARD -j DROP");
    const auto found = certain(find_droppers(kind == "nft" ? policy() : legacy_policy()));
    ASSERT_THAT(found, SizeIs(1)) << kind;
    EXPECT_THAT(found[0], AllOf(HasSubstr("ip saddr 192.168.200.0/24"), HasSubstr("REJECT"),
                                HasSubstr("drops traffic from 192.168.200.0/24"),
                                HasSubstr("move it below the jump to DOCKER-USER")));
    sh(iptables + " -F; " + iptables + " -X");
  }
}

TEST_F(TraceWayTest, LegacyRulesMeanWhatTheySay) {
  struct Case {
    const char* rule;
    int told;  // 0 nothing, 1 may, 2 drops
  };
  const Case cases[] = {{"-s 192.168.200.0/24 -d 192.168.100.0/24 -j DROP", 2},
                        {"! -s 192.168.200.0/24 -i eth0 -j DROP", 0},
                        {"-i eth+ -j DROP", 2},
                        {"! -i eth+ ! -o eth+ -j DROP", 0},
                        {"-o docker0 -j DROP", 2},
                        {"-o docker -j DROP", 0},
                        {"-p tcp --dport 22 -j DROP", 0},
                        {"-s 192.168.200.7 -j DROP", 1},
                        {"-m conntrack --ctstate NEW -j DROP", 2},
                        {"-m conntrack --ctstate INVALID -j DROP", 0},
                        {"-m statistic --mode random --probability 0.5 -j DROP", 1},
                        {"-m mark --mark 0x200000/0x200000 -j DROP", 2},
                        {"-j NFQUEUE", 1},
                        {"-j sub", 2},
                        {"-g gone", 0}};
  sh("iptables-legacy -t mangle -N sub; iptables-legacy -t mangle -A sub -s 192.168.0.0/16 -j DROP;"
     "iptables-legacy -t mangle -N gone; iptables-legacy -t mangle -A gone -i eth9 -j DROP");
  for (const Case& one : cases) {
    sh(std::string("iptables-legacy -t mangle -A FORWARD ") + one.rule);
    const auto found = find_droppers(legacy_policy());
    const int told = !certain(found).empty() ? 2 : untold(found).empty() ? 0 : 1;
    EXPECT_EQ(told, one.told) << one.rule;
    if (told == 2 && one.rule[1] != 'j') {
      EXPECT_THAT(certain(found).front(),
                  AllOf(HasSubstr("(rule 1) in chain FORWARD of legacy table mangle drops"),
                        HasSubstr("iptables-legacy -t mangle -I FORWARD -m mark --mark "
                                  "0x200000/0x200000 -j ACCEPT")));
    }
    sh("iptables-legacy -t mangle -F FORWARD");
  }
}

TEST_F(TraceWayTest, LegacyTablesBesideTheOtherVariant) {
  sh("iptables-legacy -A FORWARD -i eth0 -j DROP; iptables-legacy -t raw -A PREROUTING -s "
     "192.168.200.0/24 -j DROP");
  const auto found = certain(find_droppers(policy()));
  ASSERT_THAT(found, SizeIs(1)) << "the packet does not get to FORWARD";
  EXPECT_THAT(found[0], HasSubstr("chain PREROUTING of legacy table raw drops"));
  sh("iptables-legacy -t raw -F");
  EXPECT_THAT(certain(find_droppers(policy())),
              ElementsAre(AllOf(HasSubstr("Docker uses the nf_tables variant here"),
                                HasSubstr("iptables-legacy -t filter -D FORWARD 1"))));
}

TEST_F(TraceWayTest, BesideDockersNftablesBackendNoAcceptStandsInIptables) {
  model::FirewallPolicy backend = policy();
  backend.anchor = model::FirewallAnchor::kDockerNft;
  sh("iptables-nft -A FORWARD -s 192.168.200.0/24 -j DROP; iptables-nft -t raw -A PREROUTING -i "
     "docker0 -j DROP");
  EXPECT_THAT(certain(find_droppers(policy())), IsEmpty());
  EXPECT_THAT(certain(find_droppers(backend)), SizeIs(2));
}

}  // namespace
}  // namespace overland::firewall::trace
