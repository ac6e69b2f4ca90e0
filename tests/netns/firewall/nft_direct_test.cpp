// What Docker's nftables backend leaves out when it is told to let cluster traffic through, with
// packets: nobody but peers is routed straight to a container. `u` is behind a network made after
// the rules were written, `o` behind one that Docker itself leaves open.
//
//   u 172.20.0.2 -- br-user [host]      o 172.21.0.2 -- opened [host]

#include <gmock/gmock.h>

#include <algorithm>

#include "links.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::prefixes;
using tests::sh;

class NftDirectTest : public tests::DockerLikeHost {
 protected:
  static FirewallPolicy policy(std::vector<model::DirectDrop::Opening> open = {}) {
    FirewallPolicy result = tests::two_host_policy();
    result.anchor = model::FirewallAnchor::kDockerNft;
    result.direct_drop = {
        {"br-*", "docker0"}, std::move(open), prefixes({"172.16.0.0/12", "192.168.100.0/24"})};
    return result;
  }
  static void network(const std::string& name, const std::string& bridge,
                      const std::string& subnet) {
    sh("ip link add " + bridge + " type bridge && ip addr add " + subnet + ".1/24 dev " + bridge +
       " && ip link set " + bridge + " up && ip netns add " + name + " && ip -n " + name +
       " link set lo up && ip link add to-" + name + " master " + bridge +
       " type veth peer name eth0 netns " + name + " && ip link set to-" + name + " up && ip -n " +
       name + " link set eth0 up && ip -n " + name + " addr add " + subnet + ".2/24 dev eth0 &&" +
       "ip -n " + name + " route add default via " + subnet + ".1");
  }
  void SetUp() override {
    DockerLikeHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip -n x route add default via 203.0.113.1");
  }
  void write(const FirewallPolicy& policy) { firewall_.write(policy); }
  void expect_in_force(const FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->defects, IsEmpty());
    EXPECT_TRUE(found->policy == policy);
  }

  tests::Applied firewall_;
};

TEST_F(NftDirectTest, OnlyPeersAreRoutedStraightToAContainer) {
  EXPECT_TRUE(ping("x", "203.0.113.2", "192.168.100.2")) << "the host forwards";
  write(policy());
  expect_in_force(policy());
  network("u", "br-user", "172.20.0");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2"));
  EXPECT_FALSE(ping("x", "203.0.113.2", "172.20.0.2")) << "of a network made since";
  EXPECT_FALSE(ping("u", "172.20.0.2", "192.168.100.2")) << "Docker's networks among each other";
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_TRUE(ping("x", "203.0.113.2", "10.0.0.201")) << "none of Docker's";
  EXPECT_TRUE(ping("x", "203.0.113.2", "192.168.100.1")) << "the host itself";
}

TEST_F(NftDirectTest, ARouterDoesSoToo) {
  FirewallPolicy router = policy();
  router.transit = prefixes({"10.0.0.0/24", "192.168.200.0/24"});
  write(router);
  expect_in_force(router);
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2"));
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
}

TEST_F(NftDirectTest, WhatAContainerAskedForComesBack) {
  write(policy());
  sh("nft 'add table ip n; add chain ip n out { type nat hook postrouting priority 100; };"
     "add rule ip n out ip saddr 192.168.100.0/24 oifname eth1 masquerade'");
  EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2"));
}

TEST_F(NftDirectTest, WhatDockerLeavesOpenStaysSo) {
  network("o", "opened", "172.21.0");
  FirewallPolicy open = policy({{"opened", "eth1"}});
  open.direct_drop->links = {"br-*", "docker0", "opened"};
  write(open);
  expect_in_force(open);
  EXPECT_TRUE(ping("x", "203.0.113.2", "172.21.0.2"));
  count_arrivals("o");
  ping("c", "192.168.100.2", "172.21.0.2");
  EXPECT_EQ(arrivals("o"), 0) << "only to what comes in by eth1";
  open.direct_drop->open = {{"opened", ""}};
  write(open);
  expect_in_force(open);
  ping("c", "192.168.100.2", "172.21.0.2");
  EXPECT_EQ(arrivals("o"), 1);
  open.direct_drop->open.clear();
  write(open);
  EXPECT_FALSE(ping("x", "203.0.113.2", "172.21.0.2"));
}

TEST_F(NftDirectTest, AGuardLeavesToDockerWhatConcernsItsBridges) {
  FirewallPolicy guarded = policy({{"opened", ""}});
  guarded.guard = model::FirewallGuard::kChain;
  write(guarded);
  expect_in_force(guarded);
  network("o", "opened", "172.21.0");
  EXPECT_FALSE(ping("x", "203.0.113.2", "10.0.0.201")) << "through the host";
  EXPECT_TRUE(ping("x", "203.0.113.2", "172.21.0.2"));
  EXPECT_TRUE(ping("o", "172.21.0.2", "203.0.113.2"));
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  guarded.ingress.push_back({"opened"});
  std::ranges::sort(guarded.ingress);
  write(guarded);
  expect_in_force(guarded);
  EXPECT_FALSE(ping("x", "203.0.113.2", "172.21.0.2")) << "a bridge may be an underlay link";
}

TEST_F(NftDirectTest, GoesWithTheBackend) {
  write(policy());
  FirewallPolicy without = policy();
  without.direct_drop.reset();
  write(without);
  expect_in_force(without);
  EXPECT_TRUE(ping("x", "203.0.113.2", "192.168.100.2"));
}

TEST_F(NftDirectTest, IsReadBackAfterNftHasListedAndLoadedIt) {
  const FirewallPolicy wanted = policy({{"opened", ""}, {"opened", "eth1"}});
  write(wanted);
  EXPECT_THAT(
      sh("nft list chain ip overland direct"),
      ContainsRegex("fib daddr oifname \"br-\\*\" fib daddr . iif (oif|check) missing counter"));
  sh("nft list ruleset > /run/rules && nft flush ruleset && nft -f /run/rules");
  expect_in_force(wanted);
}

}  // namespace
}  // namespace overland::firewall::nft
