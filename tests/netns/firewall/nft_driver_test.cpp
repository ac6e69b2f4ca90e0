// The nft driver's rules against the kernel: written, read back, spoilt by others, taken away.

#include "firewall/nft_driver.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <random>

#include "base/error.h"
#include "netns/firewall/nft_driver_fixture.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::prefixes;
using tests::sh;
using tests::spaced;
using tests::two_host_policy;

FirewallPolicy router_policy() {
  FirewallPolicy policy = two_host_policy();
  policy.anchor = FirewallAnchor::kForward;
  policy.bridges = {};
  policy.local = {};
  policy.underlay_links = {"eth0.100", "eth0.200"};
  policy.peer_subnets = prefixes({"192.168.100.0/24", "192.168.200.0/24"});
  policy.transit = prefixes({"172.16.10.0/24", "172.16.20.0/24", "192.168.100.0/24"});
  policy.masquerades = {{"eth1", prefixes({"172.16.10.0/24", "172.16.20.0/24"})},
                        {"eth2", prefixes({"172.16.10.0/24"})},
                        {"eth3", prefixes({"172.16.20.0/24"}), false}};
  return policy;
}

TEST_F(NftDriverTest, ReadsNothingInAFreshNamespace) {
  EXPECT_FALSE(driver_->read(two_host_policy()).has_value());
  EXPECT_EQ(sh("nft list ruleset"), "");
}

TEST_F(NftDriverTest, ReadsBackWhatItWroteAndWritesItOnlyOnce) {
  const FirewallPolicy policy = two_host_policy();
  write(policy);
  expect_in_force(policy);
  const std::string once = sh("nft -a list ruleset");
  write(policy);
  EXPECT_EQ(sh("nft -a list ruleset"), once);
}

TEST_F(NftDriverTest, ReadsBackEveryKindOfPolicy) {
  FirewallPolicy untracked = two_host_policy();
  untracked.conntrack = false;
  FirewallPolicy empty = two_host_policy();
  empty.peer_hosts = {};
  empty.peer_subnets = {};
  empty.bridges = {};
  FirewallPolicy beside_nft = two_host_policy();
  beside_nft.anchor = FirewallAnchor::kDockerNft;
  FirewallPolicy top = router_policy();
  top.conntrack = false;
  top.mark = 0x80000000;
  top.peer_hosts = prefixes({"240.0.0.0/4", "0.0.0.0/8"});
  FirewallPolicy many = router_policy();
  many.conntrack = false;
  many.peer_subnets = spaced("10.64.0.0", 25, 200);
  many.peer_hosts = spaced("10.0.0.1", 32, 100);
  many.peer_hosts.push_back(prefixes({"255.255.0.0/16"}).front());
  for (const auto& policy : {two_host_policy(), untracked, empty, router_policy(), many, beside_nft,
                             top, two_host_policy()}) {
    write(policy);
    expect_in_force(policy);
  }
}

TEST_F(NftDriverTest, ReadsBackMasqueradesOfAdjacentSources) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    std::vector<model::Prefix> sources = {prefixes({"192.168.1.0/24"}).front()};
    for (std::uint32_t i = 2; i < 12; ++i) {
      if (random() % 2 == 0) continue;
      sources.emplace_back(model::Address::from_ipv4(0xc0a80000U | (i << 8U)),
                           static_cast<std::uint8_t>(24 + random() % 3));
    }
    FirewallPolicy policy = router_policy();
    policy.masquerades[0].sources = round == 0 ? prefixes({"192.168.1.0/24", "192.168.2.0/24"})
                                               : model::aggregate(std::move(sources));
    write(policy);
    expect_in_force(policy);
  }
}

TEST_F(NftDriverTest, TracksNoConnectionsOnAPlainRouter) {
  FirewallPolicy policy = router_policy();
  policy.masquerades = {};
  write(policy);
  expect_in_force(policy);
  EXPECT_THAT(sh("nft list chains"), Not(HasSubstr("type nat")));
}

TEST_F(NftDriverTest, TakesOddNamesAsDataAndNeverAsCommands) {
  FirewallPolicy policy = two_host_policy();
  policy.underlay_links = {"$x", "e\"; flush", "{ }", "\\"};
  policy.underlay_links.pop_back();  // a backslash escapes in libnftables: refused below
  policy.masquerades = {{"e\";flush", prefixes({"10.0.0.0/24"})}};
  write(policy);
  expect_in_force(policy);
  for (const char* name : {"*", "eth*", "@local", "a\\*", "", "longer-than-fifteen"}) {
    FirewallPolicy bad = two_host_policy();
    bad.underlay_links = {name};
    EXPECT_THROW(write(bad), base::Error) << name;
  }
  expect_in_force(policy);
}

TEST_F(NftDriverTest, KeepsForeignRulesOfDockerUserBelowItsJump) {
  sh("iptables-nft -N DOCKER-USER; iptables-nft -A DOCKER-USER -s 1.2.3.4 -j DROP;"
     "iptables-nft -A DOCKER-USER -s 1.2.3.5 -m conntrack --ctstate NEW -j DROP;"
     "iptables-nft -A DOCKER-USER -j RETURN");
  write(two_host_policy());
  expect_in_force(two_host_policy());
  EXPECT_EQ(sh("iptables-nft -S DOCKER-USER"),
            "-N DOCKER-USER\n"
            "-A DOCKER-USER -m comment --comment overland -j OVERLAND-FORWARD\n"
            "-A DOCKER-USER -s 1.2.3.4/32 -j DROP\n"
            "-A DOCKER-USER -s 1.2.3.5/32 -m conntrack --ctstate NEW -j DROP\n"
            "-A DOCKER-USER -j RETURN\n");
}

TEST_F(NftDriverTest, ShowsAnotherMarkAndAnotherAnchorAsThePolicyInForce) {
  FirewallPolicy old = two_host_policy();
  old.mark = 0x400000;
  old.anchor = FirewallAnchor::kForward;
  old.conntrack = false;
  write(old);
  const auto found = driver_->read(two_host_policy());
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->defects, IsEmpty());
  EXPECT_TRUE(found->policy == old);
}

TEST_F(NftDriverTest, RemovesEverythingItMade) {
  for (const auto& policy : {two_host_policy(), router_policy()}) {
    write(policy);
    driver_->remove();
    EXPECT_EQ(sh("nft list ruleset"), "");
    EXPECT_FALSE(driver_->read(policy).has_value());
  }
  driver_->remove();
}

TEST_F(NftDriverTest, RemovalLeavesWhatStoodBefore) {
  sh("iptables-nft -N DOCKER-USER; iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -j "
     "DOCKER-USER; iptables-nft -t raw -A PREROUTING -s 1.2.3.4 -j DROP; nft add table ip foreign");
  const std::string before = sh("nft list ruleset");
  write(two_host_policy());
  driver_->remove();
  EXPECT_EQ(sh("nft list ruleset"), before);
}

TEST_F(NftDriverTest, RemovalLeavesAnEmptyTableThatStoodBefore) {
  sh("nft add table ip raw;"
     "nft add chain ip raw PREROUTING '{ type filter hook prerouting priority raw; }';"
     "nft add table ip filter; nft add chain ip filter DOCKER-USER");
  const std::string before = sh("nft list ruleset");
  write(two_host_policy());
  driver_->remove();
  EXPECT_EQ(sh("nft list ruleset"), before);
}

TEST_F(NftDriverTest, RemovalLeavesWhatOthersCameToUse) {
  write(two_host_policy());
  sh("iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -t raw -A PREROUTING -s 1.2.3.4 -j "
     "DROP");
  driver_->remove();
  EXPECT_EQ(sh("iptables-nft-save | grep -E '^[-:*]'"),
            "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -s 1.2.3.4/32 -j "
            "DROP\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT "
            "[0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n");
}

TEST_F(NftDriverTest, RemovesAChainReferredToFromElsewhereOnlyIfItCan) {
  write(two_host_policy());
  sh("nft add chain ip filter mine; nft add rule ip filter mine jump DOCKER-USER");
  driver_->remove();
  EXPECT_EQ(sh("nft list ruleset | grep -cE 'overland|OVERLAND'; true"), "0\n");
  EXPECT_THAT(sh("nft list ruleset"), HasSubstr("jump DOCKER-USER"));
}

TEST_F(NftDriverTest, SurvivesIptablesBesideIt) {
  write(two_host_policy());
  EXPECT_THAT(sh("iptables-nft -S"),
              HasSubstr("-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment "
                        "overland -j ACCEPT\n"));
  sh("iptables-nft -A FORWARD -s 5.6.7.8 -j DROP; iptables-nft -t raw -A PREROUTING -d 5.6.7.8 -j "
     "DROP; iptables-nft -t nat -A POSTROUTING -s 192.168.100.0/24 ! -o docker0 -j MASQUERADE");
  expect_in_force(two_host_policy());
  const std::string saved = sh("iptables-nft-save | grep -E '^[-:*]'");
  sh("iptables-nft-save | iptables-nft-restore");
  EXPECT_EQ(sh("iptables-nft-save | grep -E '^[-:*]'"), saved);
  expect_in_force(two_host_policy());
}

}  // namespace
}  // namespace overland::firewall
