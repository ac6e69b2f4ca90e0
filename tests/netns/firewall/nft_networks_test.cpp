// A host with two networks of containers, with packets: `c` behind docker0 and `u` behind the
// bridge of another network of Docker's. Peer `p` has containers of both.
//
//   u 192.168.110.2 -- br-app [host]      p: 192.168.200.2 (docker0), 192.168.210.2 (br-app)

#include <gmock/gmock.h>

#include "links.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"
#include "netns/flood.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::prefixes;
using tests::sh;
using tests::two_host_policy;

constexpr const char* kC = "192.168.100.2";
constexpr const char* kU = "192.168.110.2";
constexpr const char* kPeer = "192.168.200.2";
constexpr const char* kNamesake = "192.168.210.2";

FirewallPolicy two_networks() {
  FirewallPolicy policy = two_host_policy();
  policy.bridges = {"br-app", "docker0"};
  policy.local = prefixes({"192.168.100.0/24", "192.168.110.0/24"});
  policy.behind = {{"br-app", prefixes({"192.168.110.0/24"})},
                   {"docker0", prefixes({"192.168.100.0/24"})}};
  policy.peer_subnets = prefixes({"192.168.200.0/24", "192.168.210.0/24"});
  return policy;
}

FirewallPolicy joined() {
  FirewallPolicy policy = two_networks();
  policy.joins = {{policy.behind[0], policy.behind[1]}};
  return policy;
}

/// Only its namesake reaches the network of `u`.
FirewallPolicy closed() {
  FirewallPolicy policy = two_host_policy();
  policy.closed = {{"br-app", prefixes({"192.168.110.0/24"}), prefixes({"192.168.210.0/24"})}};
  return policy;
}

class NftNetworksTest : public tests::DockerLikeHost {
 protected:
  void SetUp() override {
    DockerLikeHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip link add br-app type bridge && ip addr add 192.168.110.1/24 dev br-app &&"
       "ip link set br-app up && ip netns add u && ip -n u link set lo up &&"
       "ip link add to-u master br-app type veth peer name eth0 netns u && ip link set to-u up &&"
       "ip -n u link set eth0 up && ip -n u addr add 192.168.110.2/24 dev eth0 &&"
       "ip -n u route add default via 192.168.110.1");
    sh("ip -n p addr add 192.168.210.2/32 dev lo && ip route add 192.168.210.0/24 via 10.0.0.201");
    sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done");
    docker_rules("iptables-nft");
    const std::string t = "iptables-nft -w ";
    sh(t + "-I FORWARD 2 -o br-app -j DOCKER && " + t +
       "-I FORWARD 2 -o br-app -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT && " + t +
       "-A FORWARD -i br-app ! -o br-app -j ACCEPT && " + t +
       "-A DOCKER ! -i br-app -o br-app -j DROP && " + t +
       "-t raw -A PREROUTING -d 192.168.110.2 ! -i br-app -j DROP && " + t +
       "-t nat -I POSTROUTING -s 192.168.110.0/24 ! -o br-app -j MASQUERADE");
  }

  /// Whether `from` reaches `address` of namespace `to`, with the source it has.
  static bool reaches(const std::string& from, const std::string& source, const std::string& to,
                      const std::string& address) {
    sh("ip netns exec " + to +
       " nft 'add table ip seen; delete table ip seen; add table ip seen; add counter ip seen "
       "hits; "
       "add chain ip seen in { type filter hook prerouting priority 0; }; add rule ip seen in icmp "
       "type echo-request ip saddr " +
       source + " counter name hits'");
    ping(from, source, address);
    return sh("ip netns exec " + to + " nft list counter ip seen hits").find("packets 0") ==
           std::string::npos;
  }

  /// Written, and read again as it is.
  void write(const FirewallPolicy& policy) {
    firewall_.write(policy);
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found);
    EXPECT_THAT(found->defects, IsEmpty());
    EXPECT_EQ(found->policy, policy);
  }

  tests::Applied firewall_;
};

TEST_F(NftNetworksTest, BothAreReachedAndKeepTheirSources) {
  for (const bool conntrack : {true, false}) {
    FirewallPolicy policy = two_networks();
    policy.conntrack = conntrack;
    write(policy);
    for (const char* peer : {kPeer, kNamesake, "10.0.0.201"}) {
      EXPECT_TRUE(ping("p", peer, kU)) << peer;
      EXPECT_TRUE(ping("p", peer, kC)) << peer;
      EXPECT_TRUE(ping("u", kU, peer)) << peer;
      EXPECT_TRUE(ping("c", kC, peer)) << peer;
    }
    EXPECT_TRUE(reaches("u", kU, "p", kNamesake));
    EXPECT_TRUE(reaches("c", kC, "p", kNamesake));
  }
}

TEST_F(NftNetworksTest, OneDoesNotSendWithTheAddressesOfTheOther) {
  sh("ip -n u addr add 192.168.100.77/32 dev lo && ip -n c addr add 192.168.110.77/32 dev lo");
  FirewallPolicy apart = two_networks();
  apart.behind.clear();
  firewall_.write(apart);
  EXPECT_TRUE(reaches("u", "192.168.100.77", "p", kPeer)) << "what the test is worth";
  write(two_networks());
  EXPECT_FALSE(reaches("u", "192.168.100.77", "p", kPeer));
  EXPECT_FALSE(reaches("c", "192.168.110.77", "p", kPeer));
}

TEST_F(NftNetworksTest, TheyAreIsolatedUnlessJoined) {
  write(two_networks());
  EXPECT_FALSE(ping("u", kU, kC));
  EXPECT_FALSE(ping("c", kC, kU));
  for (const bool conntrack : {true, false}) {
    FirewallPolicy policy = joined();
    policy.conntrack = conntrack;
    write(policy);
    EXPECT_TRUE(ping("u", kU, kC));
    EXPECT_TRUE(ping("c", kC, kU));
    EXPECT_TRUE(reaches("u", kU, "c", kC));
    EXPECT_TRUE(reaches("c", kC, "u", kU));
    EXPECT_TRUE(ping("p", kPeer, kU));
  }
  write(two_networks());
  EXPECT_FALSE(ping("u", kU, kC));
}

TEST_F(NftNetworksTest, AClosedOneIsReachedByItsNamesakeAlone) {
  for (const bool conntrack : {true, false}) {
    FirewallPolicy policy = closed();
    policy.conntrack = conntrack;
    write(policy);
    EXPECT_TRUE(ping("p", kNamesake, kU));
    EXPECT_TRUE(reaches("u", kU, "p", kNamesake));
    EXPECT_FALSE(ping("p", kPeer, kU));
    EXPECT_FALSE(ping("p", "10.0.0.201", kU));
    EXPECT_FALSE(reaches("u", kU, "p", kPeer));
    EXPECT_TRUE(ping("u", kU, kPeer)) << "as this host, by Docker's masquerade";
    EXPECT_FALSE(ping("p", kNamesake, kC));
    EXPECT_TRUE(ping("p", kPeer, kC));
    EXPECT_FALSE(ping("c", kC, kU));
  }
  FirewallPolicy both = closed();
  both.joins = {{both.closed[0].link == "br-app" ? model::Behind{"br-app", both.closed[0].subnets}
                                                 : model::Behind{},
                 {"docker0", both.local}}};
  write(both);
  EXPECT_TRUE(reaches("c", kC, "u", kU));
  EXPECT_TRUE(reaches("u", kU, "c", kC));
  EXPECT_FALSE(ping("p", kPeer, kU));
}

TEST_F(NftNetworksTest, ANamesakeIsBelievedOnlyWhereItComesIn) {
  sh("ip -n x addr add 192.168.210.2/32 dev lo && ip -n x route add default via 203.0.113.1");
  FirewallPolicy policy = closed();
  const std::vector<model::Prefix> none;
  policy.ingress = {{"eth0", {}, {}, {}, {}}, {"eth1", none, none, {}, none}};
  write(policy);
  EXPECT_TRUE(ping("p", kNamesake, kU));
  EXPECT_FALSE(reaches("x", kNamesake, "u", kU));
  policy.ingress[1].closed.reset();
  write(policy);
  EXPECT_TRUE(reaches("x", kNamesake, "u", kU)) << "what the test is worth";
}

TEST_F(NftNetworksTest, NoPacketIsLostWhileASecondNetworkComesAndGoes) {
  FirewallPolicy one = two_host_policy();
  write(one);
  tests::Flood flood("p", "-I 192.168.200.2 192.168.100.2");
  for (const FirewallPolicy& policy : {two_networks(), joined(), closed(), one, two_networks()}) {
    write(policy);
  }
  EXPECT_EQ(flood.lost(), 0);
}

TEST_F(NftNetworksTest, NftListsWhatItDoes) {
  write(two_networks());
  const std::string listing = sh("nft list table ip overland");
  EXPECT_THAT(listing, HasSubstr("\"br-app\" . 192.168.110.0"));
  EXPECT_THAT(listing, HasSubstr("\"docker0\" . 192.168.100.0"));
}

TEST_F(NftNetworksTest, WhatSomebodyTakesOutIsPutBack) {
  FirewallPolicy policy = joined();
  policy.closed = {{"br-db", prefixes({"192.168.120.0/24"}), tests::spaced("10.64.0.0", 24, 100)}};
  write(policy);
  for (const std::string damage :
       {"flush chain ip overland joined", "flush chain ip overland closed",
        "flush set ip overland own-24", "flush set ip overland closed-1-peers-24",
        "flush chain ip overland trusted-in"}) {
    sh("nft " + damage);
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found);
    EXPECT_TRUE(!found->defects.empty() || found->policy != policy) << damage;
    write(policy);
  }
}

// Neighbour `p` asks for the address of the host: eth0 has it, and the shim is a link into the same
// network.
TEST_F(NftNetworksTest, AShimAnswersForItselfAndItsContainersAlone) {
  sh("ip link add ovl-mv link eth0 type macvlan mode bridge && ip link set ovl-mv up &&"
     "ip addr add 10.0.0.129/32 dev ovl-mv && ip route add 10.0.0.128/28 dev ovl-mv &&"
     "ip netns add m && ip link add mv0 link eth0 netns m type macvlan mode bridge &&"
     "ip -n m link set mv0 up && ip -n m addr add 10.0.0.130/24 dev mv0");
  sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done");
  const auto answers = [](const std::string& address) {
    sh("ip netns exec p nft 'add table arp n; delete table arp n; add table arp n; add counter arp "
       "n hits; add chain arp n in { type filter hook input priority 0; }; add rule arp n in arp "
       "operation reply arp saddr ip " +
       address + " counter name hits'; ip -n p neigh flush dev eth0");
    ping("p", "10.0.0.201", address);
    return sh(
        "ip netns exec p nft list counter arp n hits |"
        "sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'");
  };
  const auto one = testing::StrEq("1\n");
  const auto two = testing::StrEq("2\n");
  FirewallPolicy policy = two_host_policy();
  write(policy);
  EXPECT_THAT(answers("10.0.0.200"), two) << "what the test is worth";
  EXPECT_THAT(answers("10.0.0.129"), two) << "likewise";
  policy.arp_guards = {
      {"ovl-mv", prefixes({"10.0.0.128/28"})[0], *model::Address::parse("10.0.0.129")}};
  write(policy);
  EXPECT_THAT(answers("10.0.0.200"), one);
  EXPECT_THAT(answers("10.0.0.129"), one) << "of the shim, not of the link below it";
  sh("ip -n m neigh flush all; ip neigh flush all");
  EXPECT_TRUE(ping("m", "10.0.0.130", "10.0.0.129")) << "its own host";
  EXPECT_TRUE(ping("m", "10.0.0.130", "10.0.0.200")) << "by the host's main address, too";
  EXPECT_TRUE(succeeds("ping -n -c 1 -W 1 10.0.0.130"));
  EXPECT_TRUE(ping("p", "10.0.0.201", "10.0.0.129")) << "what asks for the shim itself";
  EXPECT_TRUE(ping("p", "10.0.0.201", "10.0.0.130"));
  sh("nft add rule arp overland answers iifname eth0 drop");
  EXPECT_FALSE(firewall_.read(policy)->defects.empty());
  write(policy);
  sh("nft flush table arp overland");
  EXPECT_NE(firewall_.read(policy)->policy, policy);
  write(policy);
  policy.arp_guards.clear();
  write(policy);
  EXPECT_FALSE(succeeds("nft list table arp overland"));
  policy.arp_guards = {
      {"ovl-mv", prefixes({"10.0.0.128/28"})[0], *model::Address::parse("10.0.0.129")}};
  write(policy);
  firewall_.remove(policy);
  EXPECT_FALSE(succeeds("nft list table arp overland"));
}

}  // namespace
}  // namespace overland::firewall::nft
