// Table ip overland and the anchors in nf_tables with packets, beside the rules of Docker in both
// variants of iptables.

#include <gmock/gmock.h>

#include <cstdint>

#include "links.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"

namespace overland::firewall::nft {
namespace {

using model::Address;
using model::FirewallAnchor;
using model::FirewallPolicy;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::prefixes;
using tests::sh;
using tests::two_host_policy;

class NftPacketsTest : public tests::DockerLikeHost {
 protected:
  void write(const FirewallPolicy& policy) { firewall_.write(policy); }

  void expect_trusted_traffic_only() {
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2")) << "peer container to container";
    EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2")) << "peer host to container";
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2")) << "container to peer container";
    EXPECT_TRUE(ping("c", "192.168.100.2", "10.0.0.201")) << "container to peer host";
    EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2")) << "container to the internet, by NAT";
  }

  tests::Applied firewall_;
};

TEST_F(NftPacketsTest, DockersRulesAloneBlockAndHideTheSource) {
  docker_rules("iptables-nft");
  EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.2"));
  refuse_source("p", "10.0.0.200");
  EXPECT_FALSE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2"));
}

TEST_F(NftPacketsTest, LetsTrustedTrafficThroughWhetherWrittenBeforeOrAfterDocker) {
  write(two_host_policy());
  docker_rules("iptables-nft");
  expect_trusted_traffic_only();
  firewall_.remove();
  EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.2"));
  write(two_host_policy());
  expect_trusted_traffic_only();
}

TEST_F(NftPacketsTest, KeepsTheSourceAlthoughMasqueradeStandsFirst) {
  write(two_host_policy());
  docker_rules("iptables-nft");
  refuse_source("p", "10.0.0.200");
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "10.0.0.201"));
}

TEST_F(NftPacketsTest, KeepsTheSourceBesideLegacyRulesToo) {
  FirewallPolicy policy = two_host_policy();
  policy.anchor = FirewallAnchor::kDockerNft;  // our table alone; the accepts are put in by hand
  write(policy);
  docker_rules("iptables-legacy");
  sh("iptables-legacy -I DOCKER-USER -m mark --mark 0x200000/0x200000 -j ACCEPT;"
     "iptables-legacy -t raw -I PREROUTING -m mark --mark 0x200000/0x200000 -j ACCEPT");
  expect_trusted_traffic_only();
  refuse_source("p", "10.0.0.200");
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
}

TEST_F(NftPacketsTest, WithoutTrackingKeepsTheSourceBetweenContainersOnly) {
  FirewallPolicy policy = two_host_policy();
  policy.conntrack = false;
  write(policy);
  docker_rules("iptables-nft");
  expect_trusted_traffic_only();
  refuse_source("p", "10.0.0.200");
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_FALSE(ping("c", "192.168.100.2", "10.0.0.201")) << "must stay masqueraded";
  EXPECT_THAT(sh("cat /proc/net/nf_conntrack 2>/dev/null; true"),
              Not(HasSubstr("dst=192.168.200.2")));
}

TEST_F(NftPacketsTest, LetsNothingElseIn) {
  docker_rules("iptables-nft");
  write(two_host_policy());
  count_arrivals("c");
  sh("ip -n x addr add 192.168.200.9/32 dev lo; ip -n x addr add 10.0.0.201/32 dev lo;"
     "ip -n x route add 192.168.100.0/24 via 203.0.113.1");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2")) << "a stranger";
  ping("x", "192.168.200.9", "192.168.100.2");  // a trusted source on a link that is none
  ping("x", "10.0.0.201", "192.168.100.2");
  sh("ip -n p addr add 192.168.100.77/32 dev lo; ip -n p addr add 10.9.9.9/32 dev lo");
  ping("p", "192.168.100.77", "192.168.100.2");  // our own subnet from outside
  EXPECT_FALSE(ping("p", "10.9.9.9", "192.168.100.2")) << "no peer";
  EXPECT_EQ(arrivals("c"), 0);
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_EQ(arrivals("c"), 1);
}

TEST_F(NftPacketsTest, TellsPeersFromOthersAmongManyPeers) {
  docker_rules("iptables-nft");
  FirewallPolicy policy = two_host_policy();
  for (std::uint32_t i = 0; i < 100; ++i) {
    policy.peer_subnets.emplace_back(Address::from_ipv4(0x0a400000U + (i << 9U)), 24);
    policy.peer_hosts.emplace_back(Address::from_ipv4(0x0a000300U + (i << 1U)), 32);
  }
  policy.peer_subnets = model::aggregate(policy.peer_subnets);
  policy.peer_hosts = model::aggregate(policy.peer_hosts);
  sh("ip -n p addr add 10.64.2.9/32 dev lo; ip -n p addr add 10.64.1.9/32 dev lo");
  count_arrivals("c");
  for (const bool conntrack : {true, false}) {
    policy.conntrack = conntrack;
    write(policy);
    EXPECT_THAT(sh("nft list sets ip"),
                AllOf(HasSubstr("peer-subnets-24"), HasSubstr("peer-hosts-32")));
    expect_trusted_traffic_only();
    const int before = arrivals("c");
    ping("p", "10.64.1.9", "192.168.100.2");
    EXPECT_EQ(arrivals("c"), before) << "the gap between two peers";
    ping("p", "10.64.2.9", "192.168.100.2");  // there is no way back to it
    EXPECT_EQ(arrivals("c"), before + 1) << "a peer";
  }
}

TEST_F(NftPacketsTest, AMarkFromElsewhereIsWorthNothing) {
  docker_rules("iptables-nft");
  write(two_host_policy());
  // Something before us that sets our bit on all that comes in on eth1.
  sh("nft 'add table netdev early; add chain netdev early in { type filter hook ingress device "
     "eth1 "
     "priority 0; }; add rule netdev early in meta mark set 0x200000'");
  sh("ip -n x route add 192.168.100.0/24 via 203.0.113.1");
  count_arrivals("c");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2"));
  EXPECT_EQ(arrivals("c"), 0);
}

TEST_F(NftPacketsTest, SaveAndRestoreOfIptablesKeepsTheMeaning) {
  docker_rules("iptables-nft");
  write(two_host_policy());
  sh("iptables-nft-save | iptables-nft-restore");
  expect_trusted_traffic_only();
  sh("ip -n x route add 192.168.100.0/24 via 203.0.113.1");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2"));
}

// The host as a router between the segments of `p` and `c`, `x` being the uplink.
TEST_F(NftPacketsTest, ForwardsAndMasqueradesOnARouter) {
  sh("iptables-nft -P FORWARD DROP");
  FirewallPolicy policy;
  policy.anchor = FirewallAnchor::kForward;
  policy.mark = 0x200000;
  policy.ingress = tests::on_links({"docker0", "eth0"});  // plain links here
  policy.peer_subnets = prefixes({"192.168.200.0/24"});
  policy.transit = prefixes({"10.0.0.0/24", "192.168.100.0/24", "192.168.200.0/24"});
  policy.masquerades = {{"eth1", prefixes({"10.0.0.0/24", "192.168.100.0/24"})}};
  for (const bool conntrack : {true, false}) {
    policy.conntrack = conntrack;
    write(policy);
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
    EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2"));
    EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2")) << "masqueraded";
    EXPECT_TRUE(ping("p", "10.0.0.201", "203.0.113.2")) << "masqueraded";
    EXPECT_FALSE(ping("p", "192.168.200.2", "203.0.113.2")) << "no source of the masquerade";
  }
  sh("ip -n x route add 192.168.100.0/24 via 203.0.113.1");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2")) << "not from outside";
  refuse_source("p", "10.0.0.200");
  EXPECT_TRUE(ping("c", "192.168.100.2", "10.0.0.201")) << "never masqueraded in the cluster";
}

TEST_F(NftPacketsTest, MasqueradesEveryAddressOfNeighbouringSources) {
  FirewallPolicy policy;
  policy.anchor = FirewallAnchor::kForward;
  policy.mark = 0x200000;
  policy.ingress = tests::on_links({"eth0"});
  policy.transit = prefixes({"10.0.0.0/24", "192.168.200.0/24"});
  policy.masquerades = {{"eth1", prefixes({"10.0.0.201/32", "10.0.0.202/31"})}};
  write(policy);
  EXPECT_THAT(sh("nft list table ip overland"), HasSubstr("ip saddr { 10.0.0.201-10.0.0.203 }"));
  sh("ip -n p addr add 10.0.0.202/24 dev eth0; ip -n p addr add 10.0.0.203/24 dev eth0");
  for (const char* source : {"10.0.0.201", "10.0.0.202", "10.0.0.203"}) {
    EXPECT_TRUE(ping("p", source, "203.0.113.2")) << source;
  }
}

}  // namespace
}  // namespace overland::firewall::nft
