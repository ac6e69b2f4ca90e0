// Peers are believed on the links they come by, with packets: `p` behind eth0 and `x` behind eth1
// are both hosts of the cluster here, and either may forge the other.

#include <gmock/gmock.h>

#include <fstream>

#include "links.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"
#include "netns/flood.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using testing::HasSubstr;
using tests::prefixes;
using tests::sh;
using tests::two_host_policy;

class NftIngressTest : public tests::DockerLikeHost {
 protected:
  void SetUp() override {
    DockerLikeHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip -n x addr add 192.168.210.2/32 dev lo && ip -n x route add 192.168.0.0/16 via "
       "203.0.113.1 && ip -n x route add 10.0.0.0/24 via 203.0.113.1 &&"
       "ip route add 192.168.210.0/24 via 203.0.113.2");
    // What x and p forge.
    sh("ip -n x addr add 192.168.200.2/32 dev lo && ip -n x addr add 10.0.0.201/32 dev lo &&"
       "ip -n p addr add 192.168.210.2/32 dev lo && ip -n p addr add 203.0.113.2/32 dev lo");
  }

  static FirewallPolicy bound() {
    FirewallPolicy policy = two_host_policy();
    policy.peer_subnets = prefixes({"192.168.200.0/24", "192.168.210.0/24"});
    policy.peer_hosts = prefixes({"10.0.0.201/32", "203.0.113.2/32"});
    policy.ingress = {
        {"eth0", prefixes({"192.168.200.0/24"}), prefixes({"10.0.0.201/32"})},
        {"eth1", prefixes({"192.168.210.0/24"}), prefixes({"203.0.113.2/32"})},
    };
    return policy;
  }

  static void rp_filter(int value) {
    sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo " + std::to_string(value) +
       " > $f; done");
  }

  /// Whether one echo request from `source` arrives at the container, answered or not.
  static bool reaches(const std::string& from, const std::string& source) {
    const int before = arrivals("c");
    ping(from, source, "192.168.100.2");
    return arrivals("c") > before;
  }

  tests::Applied firewall_;
};

TEST_F(NftIngressTest, ALinkLetsInItsOwnPeersAndNoOthers) {
  docker_rules("iptables-nft");
  count_arrivals("c");
  FirewallPolicy policy = bound();
  for (const bool conntrack : {true, false}) {
    policy.conntrack = conntrack;
    firewall_.write(policy);
    for (const int filter : {0, 1, 2}) {
      rp_filter(filter);
      EXPECT_TRUE(reaches("p", "192.168.200.2")) << filter;
      EXPECT_TRUE(reaches("p", "10.0.0.201")) << filter;
      EXPECT_TRUE(reaches("x", "192.168.210.2")) << filter;
      EXPECT_TRUE(reaches("x", "203.0.113.2")) << filter;
      EXPECT_FALSE(reaches("x", "192.168.200.2")) << filter;
      EXPECT_FALSE(reaches("x", "10.0.0.201")) << filter;
      EXPECT_FALSE(reaches("p", "192.168.210.2")) << filter;
      EXPECT_FALSE(reaches("p", "203.0.113.2")) << filter;
    }
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.210.2")) << "both ways, by Docker's masquerade";
  }
}

// As before links were told apart: what the tests above are worth.
TEST_F(NftIngressTest, WhereEveryLinkBelievesEverybodyForgersGetIn) {
  docker_rules("iptables-nft");
  count_arrivals("c");
  FirewallPolicy policy = bound();
  policy.ingress = tests::on_links({"eth0", "eth1"});
  firewall_.write(policy);
  EXPECT_TRUE(reaches("x", "192.168.200.2"));
  EXPECT_TRUE(reaches("p", "203.0.113.2"));
}

// The peer of eth0 has a second way here: our route to it is the first one.
TEST_F(NftIngressTest, APeerThatComesByTwoLinksIsHeardOnBothWhateverTheWayBack) {
  docker_rules("iptables-nft");
  count_arrivals("c");
  FirewallPolicy policy = bound();
  policy.ingress[1].subnets.reset();
  policy.ingress[1].hosts.reset();
  firewall_.write(policy);
  EXPECT_THAT(sh("nft list set ip overland underlay"), HasSubstr("eth1"));
  for (const int filter : {0, 2}) {
    rp_filter(filter);
    EXPECT_TRUE(reaches("x", "192.168.200.2")) << filter;
    EXPECT_TRUE(reaches("x", "10.0.0.201")) << filter;
    EXPECT_FALSE(reaches("p", "192.168.210.2")) << filter;
  }
  rp_filter(1);
  EXPECT_FALSE(reaches("x", "192.168.200.2")) << "the kernel's strict filter is no affair of ours";
  EXPECT_TRUE(reaches("x", "192.168.210.2"));
}

TEST_F(NftIngressTest, NoPacketIsLostWhileLinksAreBoundAndUnbound) {
  docker_rules("iptables-nft");
  FirewallPolicy unbound = bound();
  unbound.ingress = tests::on_links({"eth0", "eth1"});
  FirewallPolicy partly = bound();
  partly.ingress[1].hosts.reset();
  firewall_.write(unbound);
  tests::Flood flood("p", "-I 192.168.200.2 192.168.100.2");
  for (int round = 0; round < 10; ++round) {
    for (const auto& policy : {bound(), partly, unbound}) {
      firewall_.write(policy);
      const auto found = firewall_.read(policy);
      EXPECT_TRUE(found && found->defects.empty() && found->policy == policy) << round;
    }
  }
  EXPECT_EQ(flood.lost(), 0);
}

/// The host as a router between eth0 and docker0, here a plain link; out of eth1 it masquerades.
class NftWayOutTest : public NftIngressTest {
 protected:
  void SetUp() override {
    NftIngressTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip route add default via 203.0.113.2 && ip -n x addr add 198.51.100.1/32 dev lo &&"
       "ip -n x route add 198.51.100.0/24 via 203.0.113.1");
    // Requests that x, or one behind it, hears from the router's address.
    sh("ip netns exec x nft 'add table ip n; add counter ip n hits; add chain ip n in { type "
       "filter hook prerouting priority 0; }; add rule ip n in icmp type echo-request ip saddr "
       "203.0.113.1 counter name hits'");
  }

  static FirewallPolicy router() {
    FirewallPolicy policy;
    policy.anchor = FirewallAnchor::kForward;
    policy.mark = 0x200000;
    policy.peer_subnets = prefixes({"192.168.100.0/24", "192.168.200.0/24"});
    policy.transit = prefixes({"10.0.0.0/24", "192.168.100.0/24", "192.168.200.0/24"});
    const std::vector<model::Prefix> none;
    policy.ingress = {
        {"docker0", prefixes({"192.168.100.0/24"}), none, prefixes({"192.168.100.0/24"})},
        {"eth0", prefixes({"192.168.200.0/24"}), none,
         prefixes({"10.0.0.0/24", "192.168.200.0/24"})},
        {"eth1", none, none, none},
    };
    policy.masquerades = {{"eth1", policy.transit}};
    return policy;
  }

  /// Whether a request to outside leaves as one of ours.
  static bool leaves_as_us(const std::string& from, const std::string& source) {
    const int before = arrivals("x");
    ping(from, source, from == "x" ? "198.51.100.77" : "198.51.100.1");
    return arrivals("x") > before;
  }
};

TEST_F(NftWayOutTest, AStrangerOutsideWhoForgesAPeerIsNotMasqueraded) {
  sh("iptables-nft -P FORWARD ACCEPT");  // else nothing of it would leave at all
  FirewallPolicy policy = router();
  for (const bool conntrack : {true, false}) {
    policy.conntrack = conntrack;
    firewall_.write(policy);
    EXPECT_TRUE(leaves_as_us("c", "192.168.100.2"));
    EXPECT_TRUE(leaves_as_us("p", "10.0.0.201"));
    EXPECT_TRUE(leaves_as_us("p", "192.168.200.2"));
    EXPECT_FALSE(leaves_as_us("x", "10.0.0.201"));
    EXPECT_FALSE(leaves_as_us("x", "192.168.200.2"));
    EXPECT_FALSE(leaves_as_us("c", "10.0.0.201")) << "nor one of the other segment within";
  }
  policy.ingress = tests::on_links({"docker0", "eth0", "eth1"});
  firewall_.write(policy);
  EXPECT_TRUE(leaves_as_us("x", "10.0.0.201")) << "what the test is worth";
}

TEST_F(NftWayOutTest, PassesOnAndLetsOutOnlyWhatComesByItsLink) {
  sh("iptables-nft -P FORWARD DROP");
  FirewallPolicy policy = router();
  policy.masquerades[0].translated = false;
  firewall_.write(policy);
  sh("ip netns exec x nft 'add rule ip n in icmp type echo-request counter name hits'");
  EXPECT_TRUE(leaves_as_us("p", "10.0.0.201"));
  EXPECT_FALSE(leaves_as_us("x", "10.0.0.201"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2")) << "crossing";
  EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2")) << "crossing";
  count_arrivals("c");
  EXPECT_FALSE(reaches("x", "10.0.0.201")) << "forged, from outside";
}

TEST_F(NftWayOutTest, TheRoutersOwnAddressesWithinAreMasqueradedToo) {
  sh("iptables-nft -P FORWARD DROP");
  firewall_.write(router());
  sh("ip -n x route del 10.0.0.0/24");
  EXPECT_TRUE(succeeds("ping -n -c 1 -W 1 -I 10.0.0.200 198.51.100.1"));
}

TEST_F(NftWayOutTest, TheContainersOfARouterGetOutAsBefore) {
  docker_rules("iptables-nft");
  FirewallPolicy policy = router();
  policy.anchor = FirewallAnchor::kDockerUser;
  policy.bridges = {"docker0"};
  policy.local = prefixes({"192.168.100.0/24"});
  policy.peer_subnets = prefixes({"192.168.200.0/24"});
  policy.transit = prefixes({"10.0.0.0/24", "192.168.200.0/24"});
  policy.ingress.erase(policy.ingress.begin());
  policy.masquerades = {{"eth1", policy.transit}};
  firewall_.write(policy);
  EXPECT_TRUE(leaves_as_us("c", "192.168.100.2"));
  EXPECT_TRUE(leaves_as_us("p", "10.0.0.201"));
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
}

}  // namespace
}  // namespace overland::firewall::nft
