// Containers that send with the address of another host of the cluster, with packets: `c` behind
// docker0 and `u` behind a network of a user's forge what a peer other than `p` would send.
//
//   u 172.20.0.2 -- br-user [host]

#include <gmock/gmock.h>

#include "links.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::prefixes;
using tests::sh;
using tests::two_host_policy;

class NftForgersTest : public tests::DockerLikeHost {
 protected:
  void SetUp() override {
    DockerLikeHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip link add br-user type bridge && ip addr add 172.20.0.1/24 dev br-user &&"
       "ip link set br-user up && ip netns add u && ip -n u link set lo up &&"
       "ip link add to-u master br-user type veth peer name eth0 netns u && ip link set to-u up &&"
       "ip -n u link set eth0 up && ip -n u addr add 172.20.0.2/24 dev eth0 &&"
       "ip -n u route add default via 172.20.0.1");
    for (const std::string forger : {"c", "u"}) {
      sh("ip -n " + forger + " addr add 192.168.210.2/32 dev lo && ip -n " + forger +
         " addr add 10.0.0.210/32 dev lo && ip -n " + forger + " addr add 10.0.0.77/32 dev lo");
    }
    sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done");
    count_arrivals("p");
    count_arrivals("c");
    count_arrivals("u");
    count_arrivals("x");
  }

  /// Peer 10.0.0.210 with 192.168.210.0/24 beside `p`, in a segment that is trusted as a whole.
  static FirewallPolicy guarded() {
    FirewallPolicy policy = two_host_policy();
    policy.peer_subnets = prefixes({"192.168.200.0/24", "192.168.210.0/24"});
    policy.peer_hosts = prefixes({"10.0.0.0/24"});
    policy.stops_forgers = true;
    policy.others = prefixes({"10.0.0.201/32", "10.0.0.210/32"});
    return policy;
  }

  /// Whether one echo request arrives, answered or not.
  static bool reaches(const std::string& from, const std::string& source, const std::string& to,
                      const std::string& address) {
    const int before = arrivals(to);
    ping(from, source, address);
    return arrivals(to) > before;
  }

  static constexpr const char* kPeer = "192.168.200.2";
  static constexpr const char* kOutside = "203.0.113.2";
  tests::Applied firewall_;
};

TEST_F(NftForgersTest, NobodysAddressButAnotherHostsIsStopped) {
  docker_rules("iptables-nft");
  sh("iptables-nft -A FORWARD -i br-user -j ACCEPT");
  FirewallPolicy policy = guarded();
  policy.stops_forgers = false;
  policy.others.reset();
  firewall_.write(policy);
  for (const char* source : {"192.168.210.2", "10.0.0.210", "10.0.0.77"}) {
    EXPECT_TRUE(reaches("c", source, "p", kPeer)) << "what the test is worth: " << source;
    EXPECT_TRUE(reaches("u", source, "p", kPeer)) << "what the test is worth: " << source;
  }
  EXPECT_TRUE(reaches("u", "192.168.210.2", "x", kOutside)) << "what the test is worth";
  for (const bool conntrack : {true, false}) {
    policy = guarded();
    policy.conntrack = conntrack;
    firewall_.write(policy);
    for (const char* source : {"192.168.210.2", "10.0.0.210"}) {
      EXPECT_FALSE(reaches("c", source, "p", kPeer)) << source;
      EXPECT_FALSE(reaches("u", source, "p", kPeer)) << source;
      EXPECT_FALSE(reaches("u", source, "c", "192.168.100.2")) << "to a container of this host";
    }
    EXPECT_FALSE(reaches("c", "192.168.210.2", "x", kOutside)) << "out of the cluster";
    EXPECT_FALSE(reaches("u", "10.0.0.210", "x", kOutside)) << "out of the cluster";
    // Of the trusted segment, but of no host: a VPN in a container may route for it.
    EXPECT_TRUE(reaches("u", "10.0.0.77", "p", kPeer));
    EXPECT_TRUE(reaches("u", "10.0.0.77", "x", kOutside));
    EXPECT_TRUE(reaches("c", "192.168.100.2", "p", kPeer));
    EXPECT_TRUE(reaches("u", "172.20.0.2", "p", kPeer));
    EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2"));
    EXPECT_TRUE(reaches("p", kPeer, "c", "192.168.100.2"));
    EXPECT_TRUE(reaches("p", "10.0.0.201", "c", "192.168.100.2"));
  }
}

TEST_F(NftForgersTest, AnUnderlayThatIsABridgeBringsInThePeers) {
  docker_rules("iptables-nft");
  sh("ip addr flush dev eth0 && ip link add br0 type bridge && ip link set br0 up &&"
     "ip link set eth0 master br0 && ip addr add 10.0.0.200/24 dev br0 &&"
     "ip route replace 192.168.200.0/24 via 10.0.0.201 && echo 0 > "
     "/proc/sys/net/ipv4/conf/br0/rp_filter");
  FirewallPolicy policy = guarded();
  policy.ingress = tests::on_links({"br0"});
  firewall_.write(policy);
  EXPECT_TRUE(ping("p", kPeer, "192.168.100.2"));
  EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2"));
  EXPECT_FALSE(reaches("u", "10.0.0.210", "p", kPeer));
}

// As virtual machines have it on a bridge of their own into the cluster's network.
TEST_F(NftForgersTest, WhatABridgeSwitchesIsNobodysForgery) {
  sh("ip link add br-vm type bridge && ip link set br-vm up && ip link set eth1 master br-vm &&"
     "ip addr del 203.0.113.1/24 dev eth1 && ip netns add vm && ip link add to-vm master br-vm "
     "type veth peer name eth0 netns vm && ip link set to-vm up && ip -n vm link set eth0 up &&"
     "ip -n vm addr add 10.0.0.78/24 dev eth0 && ip -n x addr add 10.0.0.210/24 dev eth0");
  sh("sysctl -qw net.bridge.bridge-nf-call-iptables=1");
  firewall_.write(guarded());
  count_arrivals("vm");
  EXPECT_TRUE(reaches("x", "10.0.0.210", "vm", "10.0.0.78"));
  sh("nft 'add table ip t; add counter ip t seen; add chain ip t f { type filter hook forward "
     "priority 0; }; add rule ip t f counter name seen'");
  ping("x", "10.0.0.210", "10.0.0.78");
  EXPECT_THAT(sh("nft list counter ip t seen"), testing::Not(HasSubstr("packets 0 ")))
      << "what the test is worth: br_netfilter shows it";
}

// The kernel answers on that bridge for the host's address on eth0, so peers may come by it.
TEST_F(NftForgersTest, APeerThatComesByABridgeToAWireIsNoForger) {
  docker_rules("iptables-nft");
  sh("ip link add br-vm type bridge && ip link set br-vm up && ip link set eth1 master br-vm &&"
     "ip addr del 203.0.113.1/24 dev eth1 && ip -n x addr add 10.0.0.210/24 dev eth0 &&"
     "ip -n x route add 192.168.100.0/24 via 10.0.0.200 && echo 0 > "
     "/proc/sys/net/ipv4/conf/br-vm/rp_filter");
  sh("iptables-nft -t raw -F; iptables-nft -I FORWARD -p icmp -j ACCEPT");  // a published port
  FirewallPolicy policy = guarded();
  firewall_.write(policy);
  EXPECT_FALSE(reaches("x", "10.0.0.210", "c", "192.168.100.2")) << "what the test is worth";
  const std::vector<model::Prefix> nobody;
  policy.ingress = {{"br-vm", nobody, nobody, nobody}, {"eth0"}};
  firewall_.write(policy);
  EXPECT_TRUE(reaches("x", "10.0.0.210", "c", "192.168.100.2"));
}

// Docker has not restarted since the inventory gave its subnet away; or a peer is a virtual
// machine.
TEST_F(NftForgersTest, WhatHasItsRouteByTheBridgeIsNoForgery) {
  docker_rules("iptables-nft");
  sh("iptables-nft -A FORWARD -i br-user -j ACCEPT");
  firewall_.write(guarded());
  EXPECT_FALSE(reaches("u", "192.168.210.2", "x", kOutside)) << "what the test is worth";
  sh("ip addr add 192.168.210.1/24 dev br-user");
  EXPECT_TRUE(reaches("u", "192.168.210.2", "x", kOutside));
  EXPECT_FALSE(reaches("c", "192.168.210.2", "x", kOutside)) << "from another bridge";
  EXPECT_FALSE(reaches("u", "10.0.0.210", "x", kOutside));
}

TEST_F(NftForgersTest, IsListedByNftAndLoadedAgain) {
  FirewallPolicy policy = guarded();
  policy.bridges = {"br-x", "docker0"};
  policy.ingress = {{"eth0"}, {"eth1", prefixes({"192.168.210.0/24"}), {}, {}}, {"eth2"}};
  firewall_.write(policy);
  EXPECT_THAT(sh("nft list chain ip overland bridged"),
              HasSubstr("ip saddr != 192.168.100.0/24 meta iifkind \"bridge\" iifname != "
                        "@underlay iifname != \"eth1\" jump forged"));
  EXPECT_THAT(sh("nft list chain ip overland forged"),
              testing::ContainsRegex("fib saddr . iif (oif|check) exists return"));
  EXPECT_THAT(sh("nft list chain ip overland forged"),
              HasSubstr("ip saddr @others counter packets 0 bytes 0 drop"));
  sh("f=$(mktemp) && nft -s list ruleset > $f && nft flush ruleset && nft -f $f; rm $f");
  const auto found = firewall_.read(policy);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->defects, IsEmpty());
  EXPECT_TRUE(found->policy == policy);
}

}  // namespace
}  // namespace overland::firewall::nft
