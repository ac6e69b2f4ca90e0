// What is told of rules about a tunnel's packets is what they do to these, and each remedy helps.

#include <gmock/gmock.h>

#include "firewall/trace/droppers.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/two_sites.h"

namespace overland::firewall::trace {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::sh;

class TraceOuterPackets : public tests::TwoSites {
 protected:
  void SetUp() override {
    TwoSites::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    firewall_.write(tunnelled());
  }
  static bool passes() { return ping("p", "192.168.200.2", "192.168.100.2"); }
  static std::vector<model::Finding> told() {
    auto found = find_droppers(tunnelled());
    std::erase_if(found, [](const auto& one) { return one.severity == model::Severity::kAdvice; });
    return found;
  }
  /// A table with one chain.
  static std::string chain(const std::string& family, const std::string& hook,
                           const std::string& rules) {
    return "nft -f - <<'END'\ntable " + family + " t { chain c { type filter hook " + hook + "; " +
           rules + "\n}; }\nEND\n";
  }
  void clean() {
    sh("for one in inet ip netdev; do nft delete table $one t 2>/dev/null; done;"
       "for kind in legacy nft; do for one in filter mangle raw; do"
       "  iptables-$kind -w -t $one -F; for c in INPUT OUTPUT PREROUTING POSTROUTING; do"
       "    iptables-$kind -w -t $one -P $c ACCEPT 2>/dev/null; done; done; done; true");
    firewall_.write(tunnelled());
  }

  void expect_harm(const std::string& rules) {
    sh(rules);
    EXPECT_FALSE(passes()) << "no harm: " << rules;
    auto found = told();
    EXPECT_THAT(found, SizeIs(1)) << rules;
    // What is behind a rule is told once that is out of the way.
    for (int i = 0; i < 3 && !found.empty(); ++i) {
      EXPECT_EQ(found[0].severity, model::Severity::kConflict) << found[0].sentence();
      EXPECT_THAT(found[0].message, HasSubstr("UDP port 4789 of the tunnel")) << rules;
      const std::string& remedy = found[0].remedy;
      EXPECT_THAT(remedy, Not(HasSubstr("-P "))) << "the host is opened";
      EXPECT_TRUE(remedy.find("4789 ") != std::string::npos ||
                  remedy.find("0x200000") != std::string::npos)
          << remedy;
      const auto command = remedy.rfind(": ");
      ASSERT_NE(command, std::string::npos) << remedy;
      sh(remedy.substr(command + 2));
      found = told();
    }
    EXPECT_THAT(found, IsEmpty()) << rules;
    EXPECT_TRUE(passes()) << rules;
    clean();
  }
};

TEST_F(TraceOuterPackets, AtInputBehindAnAcceptOfALink) {
  ASSERT_TRUE(passes());
  ASSERT_THAT(told(), IsEmpty());
  for (const char* accept : {"iif lo accept", "iifname \"lo\" accept", "iifname \"docker0\" accept",
                             "iifname \"vxlan.ovl\" accept", "iifname { \"lo\", \"x0\" } accept",
                             "iifname != \"eth0\" accept", "oifname \"lo\" accept"}) {
    expect_harm(chain("inet", "input priority 10; policy drop", accept));
  }
  expect_harm(chain("ip", "input priority 10", "iif lo accept; udp dport 4789 drop"));
}

TEST_F(TraceOuterPackets, AtInputOfIptablesBehindAnAcceptOfALink) {
  expect_harm("iptables-legacy -w -A INPUT -i lo -j ACCEPT; iptables-legacy -w -P INPUT DROP");
  expect_harm(
      "iptables-legacy -w -A INPUT -i lo -j ACCEPT; iptables-legacy -w -A INPUT -p udp -j DROP");
  for (const std::string kind : {"legacy", "nft"}) {
    const std::string mangle = "iptables-" + kind + " -w -t mangle ";
    expect_harm(mangle + "-A INPUT -i lo -j ACCEPT; " + mangle + "-A INPUT -j DROP");
    expect_harm(mangle + "-A INPUT -i docker0 -j ACCEPT; " + mangle + "-P INPUT DROP");
  }
}

TEST_F(TraceOuterPackets, AtOutputAndPostrouting) {
  for (const char* accept :
       {"", "oif lo accept", "meta skuid 0 accept", "meta skuid != 7 accept",
        "iifname \"eth0\" accept", "ct state established,related,new accept"}) {
    expect_harm(chain("inet", "output priority 0; policy drop", accept));
  }
  expect_harm(chain("ip", "postrouting priority 0", "oif lo accept; udp dport 4789 drop"));
  expect_harm(chain("ip", "output priority -400", "udp dport 4789 drop"));
  expect_harm(chain("ip", "output priority -400", "udp dport 4789 meta mark set 0x1"));
}

TEST_F(TraceOuterPackets, AtOutputAndPostroutingOfIptables) {
  for (const std::string kind : {"legacy", "nft"}) {
    const std::string iptables = "iptables-" + kind + " -w ";
    expect_harm(iptables + "-A OUTPUT -o lo -j ACCEPT; " + iptables +
                "-A OUTPUT -m owner --uid-owner 0 -j ACCEPT; " + iptables + "-P OUTPUT DROP");
    expect_harm(iptables + "-t mangle -A OUTPUT -p udp -j DROP");
    expect_harm(iptables + "-t mangle -A OUTPUT -m owner ! --socket-exists -j DROP");
    expect_harm(iptables + "-t raw -A OUTPUT -p udp --dport 4789 -j DROP");
    expect_harm(iptables + "-t mangle -A POSTROUTING -o eth0 -p udp -j DROP");
  }
}

TEST_F(TraceOuterPackets, AtPrerouting) {
  for (const char* hook : {"prerouting priority -400", "prerouting priority -306",
                           "prerouting priority -304", "prerouting priority -150"}) {
    expect_harm(chain("inet", hook, "iif lo accept; udp dport 4789 drop"));
    expect_harm(chain("ip", hook, "ip saddr 10.2.0.0/24 ip daddr 10.1.0.11 drop"));
  }
}

TEST_F(TraceOuterPackets, AtPreroutingOfIptables) {
  for (const std::string kind : {"legacy", "nft"}) {
    const std::string iptables = "iptables-" + kind + " -w ";
    expect_harm(iptables + "-t raw -A PREROUTING -p udp --dport 4789 -j DROP");
    expect_harm(iptables + "-t raw -A PREROUTING -i eth0 -p udp -j DROP");
    expect_harm(iptables + "-t mangle -A PREROUTING ! -i lo -p udp -j DROP");
  }
  // Behind our accept of what has the mark.
  expect_harm("iptables-nft -w -t raw -P PREROUTING DROP");
}

TEST_F(TraceOuterPackets, AtALink) {
  const std::string at = " device eth0 priority 0";
  expect_harm(chain("netdev", "ingress" + at, "udp dport 4789 drop"));
  expect_harm(chain("netdev", "ingress" + at + "; policy drop", "meta protocol arp accept"));
  expect_harm(chain("netdev", "ingress devices = { docker0, eth0 } priority 0",
                    "ip saddr 10.2.0.0/16 drop"));
  expect_harm(chain("netdev", "egress" + at, "udp dport 4789 drop"));
  expect_harm(chain("inet", "ingress" + at, "ip saddr 10.2.0.12 udp dport 4789 drop"));
}

TEST_F(TraceOuterPackets, ByListsOfPorts) {
  for (const std::string kind : {"legacy", "nft"}) {
    const std::string drop = "iptables-" + kind + " -w -t mangle -A INPUT -p udp -m multiport ";
    expect_harm(drop + "--dports 53,4789 -j DROP");
    expect_harm(drop + "--ports 53,4700:4800,65000 -j DROP");
    expect_harm(drop + "! --dports 53,80:443 -j DROP");
    expect_harm(drop + "--sports 22,1024:65535 -j DROP");
    for (const char* other : {"--dports 53,4790:65535 -j DROP", "! --dports 4789,4790 -j DROP",
                              "--sports 1:1023,4789 -j DROP", "--ports 1:4788,4790 -j DROP"}) {
      sh(drop + other);
      EXPECT_THAT(told(), IsEmpty()) << other;
      EXPECT_TRUE(passes()) << other;
      clean();
    }
  }
}

TEST_F(TraceOuterPackets, WhatIsNotToldPasses) {
  const std::string at = " device eth0 priority 0";
  const std::string harmless[] = {
      chain("inet", "input priority 10; policy drop", "iifname \"eth0\" udp dport 4789 accept"),
      chain("inet", "input priority 10", "iif lo drop; oifname \"eth0\" drop"),
      chain("inet", "output priority 0",
            "udp sport 53 drop; meta skuid 0 udp dport 4789 drop; oif lo udp dport 4789 drop; ct "
            "state new drop"),
      "iptables-nft -w -A OUTPUT -p udp -m owner --uid-owner 0 -j DROP",
      "iptables-legacy -w -A OUTPUT -p udp -m owner --socket-exists -j DROP",
      "iptables-nft -w -t raw -A PREROUTING -i lo -j DROP",
      "iptables-legacy -w -t mangle -A INPUT -p udp --sport 53 -j DROP",
      chain("netdev", "ingress" + at, ""),
      chain("netdev", "ingress" + at, "tcp dport 22 drop; ether type vlan drop"),
      chain("netdev", "ingress" + at, "limit rate over 100000/second counter; accept"),
      chain("netdev", "ingress device docker0 priority 0", "udp dport 4789 drop"),
      chain("netdev", "egress" + at, "meta mark 7 drop; udp dport 4790 drop")};
  for (const std::string& rules : harmless) {
    sh(rules);
    EXPECT_THAT(told(), IsEmpty()) << rules;
    EXPECT_TRUE(passes()) << rules;
    clean();
  }
}

/// What is not known of a packet: that a rule may be about it is not passed over.
TEST_F(TraceOuterPackets, ByWhatNobodyAsksForElsewhere) {
  const std::string harm[] = {"udp dport 4789 @th,96,24 111 drop", "udp length > 20 drop",
                              "udp dport 4789 ip ttl > 1 jump sub", "meta length > 100 drop"};
  for (const std::string& rule : harm) {
    for (const char* hook : {"prerouting priority -20", "output priority 5"}) {
      sh("nft -f - <<'END'\ntable inet t { chain sub { drop\n}; chain c { type filter hook " +
         std::string(hook) + "; udp length > 0 accept\n}; chain d { type filter hook " + hook +
         "; " + rule + "\n}; }\nEND\n");
      EXPECT_FALSE(passes()) << rule;
      const auto found = told();
      ASSERT_THAT(found, SizeIs(1)) << rule;
      EXPECT_EQ(found[0].severity, model::Severity::kUntold);
      EXPECT_THAT(found[0].message, HasSubstr("may drop traffic from"));
      clean();
    }
  }
  for (const char* rule : {"udp sport 1024-65535 drop", "udp sport >= 32768 drop"}) {
    expect_harm(chain("ip", "input priority 200", rule));
  }
  expect_harm("iptables-legacy -w -t mangle -A INPUT -p udp --sport 1024:65535 -j DROP");
  expect_harm("iptables-nft -w -t mangle -A INPUT -p udp ! --sport 53 -j DROP");
  expect_harm(chain("netdev", "ingress device eth0 priority 0", "udp dport 4789 fwd to docker0"));
}

/// What comes by a bridge has come by its members: of several nobody knows which.
TEST_F(TraceOuterPackets, AtALinkBeneathAnother) {
  sh("ip addr flush dev eth0; ip link add lan0 type bridge; ip link set eth0 master lan0;"
     "ip addr add 10.1.0.11/24 dev lan0; ip link set lan0 up; ip route add default via 10.1.0.1;"
     "echo 0 > /proc/sys/net/ipv4/conf/lan0/rp_filter");
  ASSERT_TRUE(comes([] { return passes(); }));
  for (const char* hook : {"ingress", "egress"}) {
    expect_harm(chain("netdev", std::string(hook) + " device eth0 priority 0",
                      "iifname \"x\" accept; oifname \"x\" accept; udp dport 4789 drop"));
  }
  sh("ip link add other type veth peer name wire; ip link set other master lan0");
  sh(chain("netdev", "ingress device eth0 priority 0", "udp dport 4789 drop"));
  const auto found = told();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, model::Severity::kUntold);
}

/// With a second way in nobody knows which it is: only what both drop is certain.
TEST_F(TraceOuterPackets, ByTwoLinks) {
  sh("ip link add eth1 type veth peer name wire; ip link set eth1 up; ip link set wire up; ip "
     "route add 10.2.0.0/24 dev eth1");
  sh(chain("inet", "input priority 10", "iifname \"eth1\" udp dport 4789 drop"));
  auto found = told();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, model::Severity::kUntold);
  EXPECT_THAT(found[0].message, HasSubstr("may drop traffic from 10.2.0.12 to UDP port 4789"));
  sh("nft add rule inet t c iifname eth0 drop");
  found = told();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].severity, model::Severity::kConflict);
  EXPECT_EQ(found[1].severity, model::Severity::kConflict);
}

/// No route, no link: a drop that asks for one is not passed over.
TEST_F(TraceOuterPackets, WithoutAnyRoute) {
  sh("ip route del default; ip link del vxlan.ovl");
  model::FirewallPolicy policy = tunnelled();
  policy.ingress = {{"vxlan.ovl"}};
  sh(chain("inet", "input priority 10; policy drop", "iifname \"eth0\" accept"));
  EXPECT_THAT(tests::untold(find_droppers(policy)), SizeIs(1));
  EXPECT_THAT(tests::certain(find_droppers(policy)), IsEmpty());
  policy.ingress = {{"eth0"}, {"vxlan.ovl"}};
  EXPECT_THAT(find_droppers(policy), IsEmpty());
  policy.ingress = {{"eth1"}, {"vxlan.ovl"}};
  EXPECT_THAT(tests::certain(find_droppers(policy)), SizeIs(1));
}

}  // namespace
}  // namespace overland::firewall::trace
