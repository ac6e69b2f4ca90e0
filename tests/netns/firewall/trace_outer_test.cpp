// What is said of foreign rules that drop what is around a tunnel's packets.

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
using tests::certain;
using tests::sh;

class TraceOuterTest : public tests::Sandbox {
 protected:
  static model::FirewallPolicy policy() {
    model::FirewallPolicy result = tests::two_host_policy();
    result.peer_hosts = {};
    result.tunnel =
        model::Tunnel{"vxlan.ovl",
                      111,
                      4789,
                      {{tests::prefixes({"10.2.0.12/32"}).front().network(), result.peer_subnets}}};
    return result;
  }

  static std::vector<std::string> conflicts(const std::string& hook, const std::string& rules) {
    sh("nft -f - <<'END'\ntable inet t { chain c { type filter hook " + hook + "; " + rules +
       "\n}; }\nEND");
    auto found = find_droppers(policy());
    sh("nft delete table inet t");
    return certain(found);
  }
};

TEST_F(TraceOuterTest, APolicyAtInputIsToldUnlessThePortIsLetIn) {
  const std::string drops = "input priority 10; policy drop";
  const auto told = ElementsAre(AllOf(HasSubstr("\"policy drop\" in chain c of table inet t"),
                                      HasSubstr("10.2.0.12 to UDP port 4789 of the tunnel")));
  for (const char* rules :
       {"", "ct state established,related accept", "tcp dport 22 accept", "udp dport 53 accept",
        "udp dport { 53, 4790 } accept", "meta l4proto icmp accept", "ct state new accept"}) {
    EXPECT_THAT(conflicts(drops, rules), told) << rules;
  }
  for (const char* rules :
       {"udp dport 4789 accept", "udp dport { 53, 4789 } accept", "ct state untracked accept",
        "meta l4proto udp accept", "meta mark & 0x200000 == 0x200000 accept",
        "udp dport 4000-5000 accept", "ip saddr 10.2.0.0/16 accept"}) {
    EXPECT_THAT(conflicts(drops, rules), IsEmpty()) << rules;
  }
  EXPECT_THAT(conflicts("input priority -20; policy drop", "meta mark & 0x200000 != 0 accept"),
              told)
      << "before it is set";
}

TEST_F(TraceOuterTest, RulesForOthersAreNotTold) {
  for (const char* rules : {"tcp dport 22 drop", "udp dport 53 drop", "ct state invalid drop",
                            "ip saddr 10.9.0.0/16 drop", "ip protocol tcp drop"}) {
    EXPECT_THAT(conflicts("input priority 0", rules), IsEmpty()) << rules;
  }
  EXPECT_THAT(conflicts("input priority 0", "udp dport 4789 drop"),
              ElementsAre(HasSubstr("th dport 4789 drop")));
  EXPECT_THAT(conflicts("prerouting priority -300", "udp dport 4789 drop"),
              ElementsAre(HasSubstr("UDP port 4789 of the tunnel")));
  EXPECT_THAT(conflicts("prerouting priority -300", "ct state untracked drop"),
              testing::Contains(HasSubstr("of the tunnel")));
  EXPECT_THAT(conflicts("forward priority 10", "udp dport 4789 drop"), IsEmpty());
}

TEST_F(TraceOuterTest, OurOwnVariantsInputHasOurAnchorAndTheOtherHasNot) {
  for (const char* own : {"iptables-nft -w ", "iptables-legacy -w "}) {
    const bool nft = std::string(own).starts_with("iptables-nft");
    const std::string other = nft ? "iptables-legacy -w " : "iptables-nft -w ";
    model::FirewallPolicy asked = policy();
    asked.variant = nft ? model::FirewallVariant::kNft : model::FirewallVariant::kLegacy;
    sh(std::string(own) + "-P INPUT DROP");
    EXPECT_THAT(certain(find_droppers(asked)), IsEmpty()) << own;
    sh(other + "-A INPUT -m conntrack --ctstate INVALID -j DROP && " + other + "-P INPUT DROP");
    EXPECT_THAT(certain(find_droppers(asked)), ElementsAre(HasSubstr("of the tunnel"))) << own;
    sh(other + "-A INPUT -p udp --dport 4790 -j ACCEPT");
    EXPECT_THAT(certain(find_droppers(asked)), ElementsAre(HasSubstr("of the tunnel"))) << own;
    sh(other + "-A INPUT -p udp --dport 4789 -j ACCEPT");
    EXPECT_THAT(certain(find_droppers(asked)), IsEmpty()) << own;
    asked.tunnel.reset();
    sh(other + "-F INPUT");
    EXPECT_THAT(certain(find_droppers(asked)), IsEmpty()) << "nobody tunnels";
    sh(std::string(own) + "-P INPUT ACCEPT; " + other + "-P INPUT ACCEPT");
  }
}

/// What is to be done about what is in the way, and it is carried out: nothing is left to tell.
TEST_F(TraceOuterTest, TheRemedyLetsInTheTunnelAndNothingElse) {
  const auto remedied = [](const model::FirewallPolicy& asked) {
    std::string remedy;
    for (const auto& one : find_droppers(asked)) {
      if (one.severity == model::Severity::kConflict) remedy = one.remedy;
    }
    EXPECT_THAT(remedy, testing::Not(HasSubstr("-P "))) << "the host is opened";
    EXPECT_THAT(remedy, testing::Not(HasSubstr("FORWARD")));
    const auto command = remedy.find(": ");
    if (command == std::string::npos) return remedy;
    sh(remedy.substr(command + 2));
    EXPECT_THAT(certain(find_droppers(asked)), IsEmpty()) << remedy;
    return remedy;
  };
  sh("iptables-legacy -w -P INPUT DROP");
  EXPECT_THAT(remedied(policy()), HasSubstr("iptables-legacy -t filter -I INPUT -m mark"));
  sh("iptables-legacy -w -P INPUT ACCEPT; iptables-legacy -w -F INPUT");
  sh("iptables-nft -w -t mangle -A PREROUTING -p udp -j DROP");
  EXPECT_THAT(remedied(policy()), HasSubstr("-t mangle -I PREROUTING -p udp --dport 4789 -j"));
  sh("iptables-nft -w -t mangle -F");
  sh("iptables-nft -w -t mangle -A INPUT -p udp -j DROP");
  EXPECT_THAT(remedied(policy()), HasSubstr("-t mangle -I INPUT -p udp --dport 4789 -j ACCEPT"));
  sh("iptables-nft -w -t mangle -F");
  for (const char* hook : {"prerouting priority -300", "input priority -20", "input priority 10",
                           "input priority 200"}) {
    sh(std::string("nft 'add table inet t; add chain inet t c { type filter hook ") + hook +
       "; }; add rule inet t c udp dport 4789 drop'");
    const bool marked = std::string(hook).ends_with("10") || std::string(hook).ends_with("200");
    EXPECT_THAT(remedied(policy()), HasSubstr(marked ? "c meta mark" : "c udp dport 4789 accept"));
    sh("nft delete table inet t");
  }
}

}  // namespace
}  // namespace overland::firewall::trace
