// What keeps strangers from ipvlan l3 containers: tables netdev and inet overland. A host behind
// eth0 stands for the containers: where the packets are dropped is the same.

#include <gmock/gmock.h>

#include <string>

#include "firewall/nft/ipvlan_guards.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using model::IpvlanGuard;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::prefixes;
using tests::sh;
using tests::two_host_policy;

class NftIpvlanTest : public tests::DockerLikeHost {
 protected:
  void write(const FirewallPolicy& policy) { firewall_.write(policy); }
  void expect_in_force(const FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->defects, IsEmpty());
    EXPECT_TRUE(found->policy == policy);
  }

  static FirewallPolicy guarded(const std::string& trusted, bool tracked) {
    FirewallPolicy policy = two_host_policy();
    policy.ipvlan_guards = {{"eth0", prefixes({"10.0.0.200/32"})[0], prefixes({trusted}), tracked}};
    return policy;
  }

  tests::Applied firewall_;
};

TEST_F(NftIpvlanTest, WhoIsNotTrustedIsDroppedAtTheParent) {
  ASSERT_TRUE(can_guard_links());
  for (const bool tracked : {false, true}) {
    write(two_host_policy());
    EXPECT_TRUE(ping("p", "10.0.0.201", "10.0.0.200"));
    write(guarded("10.9.0.0/16", tracked));
    expect_in_force(guarded("10.9.0.0/16", tracked));
    EXPECT_FALSE(ping("p", "10.0.0.201", "10.0.0.200"));
    EXPECT_EQ(succeeds("ping -n -c 1 -W 1 10.0.0.201"), tracked) << "replies, where they are known";
    write(guarded("10.0.0.0/24", tracked));
    expect_in_force(guarded("10.0.0.0/24", tracked));
    EXPECT_TRUE(ping("p", "10.0.0.201", "10.0.0.200"));
  }
}

TEST_F(NftIpvlanTest, ListsOfAnyLengthAndNoneAreReadBack) {
  FirewallPolicy policy = two_host_policy();
  policy.ipvlan_guards = {
      {"eth0", prefixes({"10.91.0.0/24"})[0], {}, false},
      {"eth0", prefixes({"10.92.0.0/24"})[0], prefixes({"10.1.0.0/16", "10.2.0.0/16"}), true},
      {"lo", prefixes({"10.93.0.0/24"})[0], tests::spaced("10.64.0.0", 24, 3000), false}};
  write(policy);
  expect_in_force(policy);
}

TEST_F(NftIpvlanTest, WhatSomebodyTakesOutIsPutBack) {
  const FirewallPolicy policy = [] {
    FirewallPolicy both = guarded("10.0.0.0/24", false);
    both.ipvlan_guards.push_back(
        {"eth0", prefixes({"10.92.0.0/24"})[0], prefixes({"10.1.0.0/16"}), true});
    return both;
  }();
  write(policy);
  for (const std::string damage :
       {"delete table netdev overland", "delete table inet overland",
        "flush chain netdev overland strangers-1", "add rule inet overland strangers-1 accept",
        "add chain netdev overland more"}) {
    sh("nft " + damage);
    const auto found = firewall_.read(policy);
    EXPECT_TRUE(!found->defects.empty() || found->policy != policy) << damage;
    write(policy);
    expect_in_force(policy);
  }
}

TEST_F(NftIpvlanTest, ALinkThatComesBackIsGuardedAgain) {
  sh("ip link add par0 type veth peer name par1");
  FirewallPolicy policy = two_host_policy();
  policy.ipvlan_guards = {{"par0", prefixes({"10.91.0.0/24"})[0], {}, false}};
  write(policy);
  sh("ip link del par0");
  write(two_host_policy());
  EXPECT_FALSE(succeeds("nft list table netdev overland"));
  sh("ip link add par0 type veth peer name par1");
  write(policy);
  expect_in_force(policy);
}

TEST_F(NftIpvlanTest, NothingIsLeftOfThem) {
  FirewallPolicy policy = guarded("10.0.0.0/24", false);
  policy.ipvlan_guards.push_back({"eth0", prefixes({"10.92.0.0/24"})[0], {}, true});
  write(policy);
  EXPECT_THAT(sh("nft list ruleset"), HasSubstr("table inet overland"));
  firewall_.remove(policy);
  EXPECT_FALSE(succeeds("nft list ruleset | grep overland"));
  ASSERT_TRUE(can_guard_links());
  EXPECT_FALSE(succeeds("nft list ruleset | grep overland")) << "asking leaves nothing either";
}

}  // namespace
}  // namespace overland::firewall::nft
