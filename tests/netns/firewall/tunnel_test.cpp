// What a tunnel may bring, with packets: honest peers, strangers on the LAN and off it, peers that
// forge one another, and containers of this host.

#include <gmock/gmock.h>

#include "netns/firewall/two_sites.h"

namespace overland::firewall {
namespace {

using model::FirewallPolicy;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::addr;
using tests::Forged;
using tests::Forger;
using tests::prefixes;
using tests::sh;

const Forged kHonest = {"10.2.0.12", "192.168.200.2"};  // of p

class TunnelTest : public tests::TwoSites {
 protected:
  void write(const FirewallPolicy& policy) { firewall_.write(policy); }
  void expect_in_force(const FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->defects, IsEmpty());
    EXPECT_TRUE(found->policy == policy);
  }
};

TEST_F(TunnelTest, WithoutItsRulesAStrangerReachesContainers) {
  FirewallPolicy policy = tunnelled();
  policy.tunnel.reset();
  write(policy);
  for (const char* forger : {"x", "q"}) {
    const int before = arrivals("c");
    Forger(forger).send(kHonest);
    EXPECT_TRUE(comes([&] { return arrivals("c") > before; })) << "what the other tests are worth";
  }
}

TEST_F(TunnelTest, BringsWhatItsPeersSendAndNothingElse) {
  docker_rules("iptables-nft");
  write(tunnelled());
  expect_in_force(tunnelled());
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_TRUE(ping("q", "192.168.210.2", "192.168.100.2"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_TRUE(ping("p", "192.168.200.1", "192.168.100.2")) << "the host itself, by its bip";
  for (const char* name : {"x", "q", "r"}) {
    const Forger forger(name);
    EXPECT_FALSE(reaches(forger, {"10.1.0.66", "192.168.200.2"})) << name << ": no peer";
    EXPECT_FALSE(reaches(forger, {"10.2.0.13", "192.168.200.2"})) << name << ": another peer's";
    EXPECT_FALSE(reaches(forger, {"10.2.0.12", "192.168.210.2"})) << name << ": another peer's";
    EXPECT_FALSE(reaches(forger, {"10.2.0.12", "192.168.100.3"})) << name << ": this host's";
    EXPECT_FALSE(reaches(forger, {"10.2.0.12", "10.2.0.12"})) << name << ": the peer itself";
    EXPECT_FALSE(reaches(forger, {"10.2.0.12", "8.8.8.8"})) << name << ": nobody's";
  }
  EXPECT_TRUE(reaches(Forger("p"), kHonest)) << "what the test is worth";
}

TEST_F(TunnelTest, DropsWhatIsNoIpv4Within) {
  write(tunnelled());
  const Forger peer("p");
  Forged what = kHonest;
  for (const unsigned kind : {0x0806U, 0x86ddU, 0x8100U, 0x88a8U, 0U, 0x0801U}) {
    what.kind = static_cast<std::uint16_t>(kind);
    EXPECT_FALSE(reaches(peer, what)) << kind;
  }
  what.kind = 0x0800;
  for (const unsigned version : {0x65U, 0x05U, 0x55U}) {
    what.version = static_cast<std::uint8_t>(version);
    EXPECT_FALSE(reaches(peer, what)) << version;
  }
  what.version = 0x45;
  what.options = true;
  EXPECT_TRUE(reaches(peer, what)) << "options of the outer header move what is within";
  what.inner = "192.168.210.2";
  EXPECT_FALSE(reaches(peer, what)) << "and what is asked";
}

TEST_F(TunnelTest, DropsWhatEndsTooSoon) {
  write(tunnelled());
  const Forger peer("p");
  Forged what = kHonest;
  // Of the bytes behind the UDP header's begin: up to the VNI the tunnel itself refuses them.
  for (const std::size_t length : {16U, 20U, 29U, 30U, 31U, 45U}) {
    what.length = length;
    EXPECT_FALSE(reaches(peer, what)) << length;
  }
  const int before = arrivals("c");
  for (const std::size_t length : {8U, 9U, 12U, 15U, 46U, 50U, 57U}) {
    what.length = length;
    peer.send(what);
  }
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_EQ(arrivals("c"), before + 1) << "the ping alone";
}

TEST_F(TunnelTest, AsksWhatComesInFragmentsAsAWhole) {
  for (const bool tracked : {false, true}) {
    if (tracked) docker_rules("iptables-nft");  // connection tracking puts fragments together
    write(tunnelled());
    const Forger peer("p");
    const int before = arrivals("c");
    peer.send_in_fragments(kHonest);
    EXPECT_TRUE(comes([&] { return arrivals("c") > before; })) << "tracked: " << tracked;
    // The first of 24 bytes ends within the inner Ethernet header.
    for (const std::size_t first : {8U, 16U, 24U, 40U, 48U}) {
      const int gone = dropped();
      peer.send_in_fragments({"10.2.0.12", "192.168.210.2"}, first);
      EXPECT_TRUE(comes([&] { return dropped() > gone; })) << first << ", tracked: " << tracked;
    }
    EXPECT_EQ(arrivals("c"), before + 1);
  }
}

TEST_F(TunnelTest, LeavesOtherTunnelsAlone) {
  write(tunnelled());
  // Swarm's, on the same port.
  sh("ip link add swarm address 02:00:00:00:00:01 type vxlan id 4097 local 10.1.0.11 dstport 4789 "
     "nolearning && ip link set "
     "swarm up && ip link add other address 02:00:00:00:00:01 type vxlan id 111 local 10.1.0.11 "
     "dstport 8472 nolearning &&"
     "ip link set other up && nft 'add table ip n; add counter ip n swarm; add counter ip n other; "
     "add chain ip n in { type filter hook prerouting priority -400; }; add rule ip n in iifname "
     "swarm counter name swarm; add rule ip n in iifname other counter name other'");
  const auto came = [](const char* name) {
    return sh(std::string("nft list counter ip n ") + name).find("packets 0 ") == std::string::npos;
  };
  const std::array<std::uint8_t, 6> mac = {2, 0, 0, 0, 0, 1};
  const int gone = dropped();
  Forged what = {"10.1.0.66", "172.31.0.2"};
  what.vni = 4097;
  what.mac = mac;
  Forger("x").send(what);
  EXPECT_TRUE(comes([&] { return came("swarm"); })) << "another VNI";
  what.vni = 111;
  what.port = 8472;
  Forger("x").send(what);
  EXPECT_TRUE(comes([&] { return came("other"); })) << "another port";
  EXPECT_EQ(dropped(), gone);
}

TEST_F(TunnelTest, AContainerOfThisHostIsNoPeer) {
  sh("ip link add br-user type bridge && ip addr add 172.20.0.1/24 dev br-user && ip link set "
     "br-user up && ip netns add u && ip link add to-u master br-user type veth peer name eth0 "
     "netns u && ip link set to-u up && ip -n u link set eth0 up && ip -n u addr add "
     "172.20.0.2/24 dev eth0 && ip -n u route add default via 172.20.0.1 && for f in "
     "/proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done");
  write(tunnelled());
  for (const char* name : {"c", "u"}) {
    const int before = arrivals("c");
    const int gone = dropped("outer-bridged");
    Forger(name).send(kHonest);
    EXPECT_TRUE(comes([&] { return dropped("outer-bridged") > gone; })) << name;
    EXPECT_EQ(arrivals("c"), before) << name;
  }
  FirewallPolicy policy = tunnelled();
  policy.stops_forgers = false;  // a kernel that cannot ask
  write(policy);
  EXPECT_TRUE(reaches(Forger("u"), kHonest)) << "what the test is worth";
}

// The underlay address is on a bridge, with a wire among its members.
TEST_F(TunnelTest, AnUnderlayThatIsABridgeBringsInThePeers) {
  sh("ip addr flush dev eth0 && ip link add br0 type bridge && ip link set br0 up && ip link set "
     "eth0 master br0 && ip addr add 10.1.0.11/24 dev br0 && ip route replace default via 10.1.0.1 "
     "&& echo 0 > /proc/sys/net/ipv4/conf/br0/rp_filter");
  write(tunnelled());  // which knows nothing of br0
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
}

TEST_F(TunnelTest, KeepsTheSourceOfWhatTheHostSends) {
  for (const char* iptables : {"iptables-nft", "iptables-legacy"}) {
    docker_rules(iptables);
    for (const bool conntrack : {true, false}) {
      FirewallPolicy policy =
          tunnelled(std::string(iptables) == "iptables-nft" ? model::FirewallVariant::kNft
                                                            : model::FirewallVariant::kLegacy);
      policy.conntrack = conntrack;
      write(policy);
      expect_in_force(policy);
      // Docker's MASQUERADE would change the port where another flow has it.
      const auto masqueraded = [&] {
        return sh(std::string(iptables) + " -w -t nat -v -x -n -L POSTROUTING | grep MASQUERADE");
      };
      sh(std::string(iptables) + " -w -t nat -Z");
      const std::string none = masqueraded();
      EXPECT_TRUE(succeeds("ping -n -c 1 -W 5 192.168.200.2")) << iptables << conntrack;
      EXPECT_TRUE(succeeds("ping -n -c 1 -W 5 -I 192.168.100.1 192.168.210.2"));
      EXPECT_EQ(masqueraded(), none) << iptables << conntrack;
      EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
    }
    sh(std::string(iptables) + " -w -P FORWARD ACCEPT; " + iptables + " -w -F; " + iptables +
       " -w -t nat -F; " + iptables + " -w -t raw -F; " + iptables + " -w -X DOCKER; true");
  }
}

TEST_F(TunnelTest, ChangesVniAndPortWithoutATableMadeAnew) {
  write(tunnelled());
  sh("nft add counter ip overland witness");  // goes with the table
  FirewallPolicy policy = tunnelled();
  policy.tunnel->vni = 112;
  policy.tunnel->port = 4790;
  sh("nft delete counter ip overland witness");
  const std::string before = sh("nft -a list chains ip | grep outer");
  write(policy);
  expect_in_force(policy);
  EXPECT_EQ(sh("nft -a list chains ip | grep outer"), before) << "handles: the same chains";
  policy.tunnel.reset();
  write(policy);
  expect_in_force(policy);
  EXPECT_THAT(sh("nft list ruleset"), Not(HasSubstr("outer")));
  EXPECT_THAT(sh("nft list ruleset"), Not(HasSubstr("OVERLAND-INPUT")));
}

TEST_F(TunnelTest, LosesNothingWhileItsRulesChange) {
  docker_rules("iptables-nft");
  sh("iptables-nft -w -P INPUT DROP");
  write(tunnelled());
  sh("ip netns exec p ping -q -n -i 0.01 -c 200 -W 20 -I 192.168.200.2 192.168.100.2 > /run/pinged "
     "&");
  for (int i = 0; i < 6; ++i) {
    FirewallPolicy policy = tunnelled();
    policy.tunnel->senders[1].inner = prefixes({"192.168.220.0/24"});  // an element
    write(policy);
    policy.tunnel->senders[1].inner = prefixes({"192.168.220.0/25"});  // a set, the table anew
    write(policy);
    write(tunnelled());
  }
  EXPECT_TRUE(
      comes([] { return sh("cat /run/pinged").find("packets transmitted") != std::string::npos; }));
  EXPECT_THAT(sh("cat /run/pinged"), HasSubstr("200 received, 0% packet loss"));
}

TEST_F(TunnelTest, IsListedByNftAndLoadedAgain) {
  FirewallPolicy policy = tunnelled();
  policy.tunnel->senders[0].inner = prefixes({"192.168.200.0/24", "192.168.211.0/26"});
  write(policy);
  EXPECT_THAT(sh("nft list chain ip overland trusted-in"),
              HasSubstr("udp dport 4789 @th,96,24 0x6f fib daddr type local notrack"));
  sh("f=$(mktemp) && nft -s list ruleset > $f && nft flush ruleset && nft -f $f && rm $f");
  expect_in_force(policy);
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
}

TEST_F(TunnelTest, TellsWhatIsSpoilt) {
  const FirewallPolicy policy = tunnelled();
  const auto broken = [&](const std::string& command) {
    write(policy);
    sh(command);
    const auto found = firewall_.read(policy);
    EXPECT_TRUE(found && !(found->defects.empty() && found->policy == policy)) << command;
    write(policy);
    expect_in_force(policy);
  };
  broken("nft flush chain ip overland outer-known");
  broken("nft flush chain ip overland outer-asked");
  broken("nft flush chain ip overland inner-known");
  broken("nft flush chain ip overland outer-out");
  broken("nft flush chain ip overland inner-done");
  broken("nft flush chain ip overland trusted-in; nft delete chain ip overland inner-known");
  broken("nft add rule ip overland outer-known accept");
  broken("nft insert rule ip overland outer-asked udp dport 4789 accept");
  broken("nft delete element ip overland tunnelled-24 '{ 10.2.0.12 . 0xc0a8c800 }'");
  broken("nft add element ip overland tunnelled-24 '{ 10.2.0.99 . 0xc0a8c800 }'");
  broken("iptables-nft -w -F OVERLAND-INPUT");
  broken("nft flush chain ip filter INPUT");
  broken("iptables-nft -w -I INPUT -p udp -j DROP");
}

TEST_F(TunnelTest, TenThousandPeersAreElements) {
  FirewallPolicy policy = tunnelled();
  policy.tunnel->senders.clear();
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    policy.tunnel->senders.push_back(
        {model::Address::from_ipv4(0x0a400000U + i),
         {model::Prefix(model::Address::from_ipv4(0x0a800000U + 256 * i), 24)}});
  }
  write(policy);
  expect_in_force(policy);
  const std::string before = sh("nft -a list chain ip overland outer-known | tail -4");
  policy.tunnel->senders[77].inner = prefixes({"172.16.77.0/24"});
  write(policy);
  expect_in_force(policy);
  EXPECT_EQ(sh("nft -a list chain ip overland outer-known | tail -4"), before) << "rules stand";
}

}  // namespace
}  // namespace overland::firewall
