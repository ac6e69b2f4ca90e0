// The tunnel beside an INPUT that drops, and where the mark is and is not, with packets.

#include <gmock/gmock.h>

#include "netns/firewall/two_sites.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using model::FirewallVariant;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::Forged;
using tests::Forger;
using tests::sh;

struct Variant {
  FirewallVariant variant;
  std::string iptables;
};

class TunnelInputTest : public tests::TwoSites {
 protected:
  static std::vector<Variant> variants() {
    return {{FirewallVariant::kNft, "iptables-nft -w "},
            {FirewallVariant::kLegacy, "iptables-legacy -w "}};
  }
  void write(const FirewallPolicy& policy) { firewall_.write(policy); }

  /// Counts, by name, what a rule of table `ip seen` matches.
  static void see(const std::string& name, const std::string& chain, const std::string& rule) {
    sh("nft 'add table ip seen; add counter ip seen " + name + "; add chain ip seen " + name +
       " { type filter hook " + chain + "; }; add rule ip seen " + name + " " + rule +
       " counter name " + name + "'");
  }
  static int seen(const std::string& name) {
    return std::stoi(
        sh("nft list counter ip seen " + name + "| sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'"));
  }
};

TEST_F(TunnelInputTest, WorksWhereInputDrops) {
  for (const auto& [variant, iptables] : variants()) {
    docker_rules(iptables.substr(0, iptables.find(' ')));
    sh(iptables + "-P INPUT DROP && " + iptables +
       "-A INPUT -m conntrack --ctstate INVALID -j DROP && " + iptables +
       "-A INPUT -p udp -j DROP");
    FirewallPolicy policy = tunnelled(variant);
    policy.tunnel.reset();
    write(policy);
    EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.2")) << "what the test is worth";
    policy = tunnelled(variant);
    write(policy);
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found);
    EXPECT_THAT(found->defects, IsEmpty());
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2")) << iptables;
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.210.2")) << iptables;
    sh(iptables + "-I INPUT -p udp --dport 4789 -j DROP");  // as programs that insert theirs do
    EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.2"));
    write(policy);
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2")) << iptables;
    firewall_.remove(policy);
    EXPECT_THAT(sh(iptables + "-S"), Not(HasSubstr("OVERLAND")));
    EXPECT_THAT(sh("nft list ruleset"), Not(HasSubstr("overland")));
    EXPECT_THAT(sh(iptables + "-S INPUT"), HasSubstr("-P INPUT DROP"));
    sh(iptables + "-P INPUT ACCEPT; " + iptables + "-P FORWARD ACCEPT; " + iptables + "-F; " +
       iptables + "-t nat -F; " + iptables + "-t raw -F; " + iptables + "-X; true");
  }
}

TEST_F(TunnelInputTest, StandsBesideDockersNftablesBackend) {
  sh("nft 'add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; "
     "policy drop; }'");
  FirewallPolicy policy = tunnelled();
  policy.anchor = FirewallAnchor::kDockerNft;
  write(policy);
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  const auto found = firewall_.read(policy);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->defects, IsEmpty());
  EXPECT_TRUE(found->policy == policy);
  EXPECT_THAT(sh("nft list table ip filter"), Not(HasSubstr("FORWARD")));
}

TEST_F(TunnelInputTest, OpensNothingElseOfTheHost) {
  for (const auto& [variant, iptables] : variants()) {
    docker_rules(iptables.substr(0, iptables.find(' ')));
    sh(iptables + "-P INPUT DROP");
    see("carried", "prerouting priority -400", "udp dport { 4789, 4790 } meta mark set 0x200000");
    see("closed", "input priority 50", "udp dport 4790");
    see("service", "input priority 50", "icmp type echo-request");
    write(tunnelled(variant));
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2")) << iptables;
    // The policy lets it through to the host's bip, and the host's own rules decide there.
    EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.1")) << iptables;
    EXPECT_EQ(seen("service"), 0) << iptables;
    // What carries the mark from elsewhere, on the port and beside it.
    Forged what = {"10.1.0.66", "192.168.200.2"};
    Forger("x").send(what);
    what.port = 4790;
    Forger("x").send(what);
    what.port = 4789;
    what.vni = 4711;
    Forger("x").send(what);
    EXPECT_TRUE(comes([&] { return seen("carried") >= 3 && dropped() >= 1; }));
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
    EXPECT_EQ(seen("closed"), 0) << "accepted by the mark: " << iptables;
    firewall_.remove(tunnelled(variant));
    sh("nft delete table ip seen; " + iptables + "-P INPUT ACCEPT; " + iptables +
       "-P FORWARD ACCEPT; " + iptables + "-F; " + iptables + "-t nat -F; " + iptables +
       "-t raw -F; " + iptables + "-X; true");
  }
}

TEST_F(TunnelInputTest, TheMarkStaysBetweenInputAndTheInnerPacket) {
  const std::string ours = "meta mark & 0x200000 != 0";
  see("proof", "prerouting priority -312", "iifname vxlan.ovl " + ours);
  const auto brought = [] {
    return std::stoi(
        sh("nft list chain ip overland trusted-in | sed -n 's/.*counter packets "
           "\\([0-9]*\\).*/\\1/p' | head -1"));
  };
  see("outer", "postrouting priority 200", "udp dport 4789 " + ours);
  see("told", "output priority -400", "udp dport 4789 " + ours);  // the tunnel's, by what is within
  see("sent", "output priority -305", "udp dport 4789 " + ours);
  for (const auto& [variant, iptables] : variants()) {
    sh(iptables + "-P INPUT DROP; " + iptables + "-A INPUT -p icmp -j ACCEPT");
    write(tunnelled(variant));
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
    EXPECT_TRUE(succeeds("ping -n -c 1 -W 5 192.168.200.2"));
    EXPECT_GT(seen("proof"), 0) << iptables;
    EXPECT_EQ(brought(), 0) << iptables;
    EXPECT_EQ(seen("outer"), 0) << iptables;
    EXPECT_EQ(seen("sent"), 0) << iptables;
    EXPECT_GT(seen("told"), 0) << iptables;
    sh(iptables + "-P INPUT ACCEPT");
  }
  sh("nft flush chain ip overland inner-known; nft flush chain ip overland outer-out");
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_GT(brought(), 0) << "what the test is worth";
  EXPECT_GT(seen("sent"), 0) << "what the test is worth";
}

TEST_F(TunnelInputTest, ConnectionTrackingSeesNoOuterFlow) {
  docker_rules("iptables-nft");
  const auto outer_flows = [] {
    return sh("cat /proc/net/nf_conntrack 2>/dev/null | grep -c 'dport=4789 ' || true");
  };
  see("untracked", "input priority 0", "udp dport 4789 ct state untracked");
  see("tracked", "input priority 1", "udp dport 4789 ct state != untracked");
  see("out", "postrouting priority 0", "udp dport 4789 ct state != untracked");
  write(tunnelled());
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_GT(seen("untracked"), 0);
  EXPECT_EQ(seen("tracked"), 0);
  EXPECT_EQ(seen("out"), 0);
  EXPECT_EQ(outer_flows(), "0\n");
  // Others' tunnels, and those that only pass this host, are tracked as ever.
  Forged what = {"10.1.0.66", "172.31.0.2"};
  what.vni = 4097;
  Forger("x").send(what);
  EXPECT_TRUE(comes([&] { return seen("tracked") > 0; }));
  see("passing", "forward priority -5", "udp dport 4789 ct state new,established");
  sh("ip -n x route replace 10.2.0.0/24 via 10.1.0.11");
  what.vni = 111;
  what.to = "10.2.0.12";
  Forger("x").send(what);
  EXPECT_TRUE(comes([&] { return seen("passing") > 0; })) << "a router in between";
}

}  // namespace
}  // namespace overland::firewall
