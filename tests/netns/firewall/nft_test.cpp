// Table ip overland and the anchors in nf_tables against the kernel: written, read back, spoilt by
// others, taken away.

#include <gmock/gmock.h>

#include <cstdint>
#include <random>

#include "base/error.h"
#include "links.h"
#include "netns/firewall/nft_fixture.h"

namespace overland::firewall::nft {
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
  policy.ingress = tests::on_links({"eth0.100", "eth0.200"});
  policy.peer_subnets = prefixes({"192.168.100.0/24", "192.168.200.0/24"});
  policy.transit = prefixes({"172.16.10.0/24", "172.16.20.0/24", "192.168.100.0/24"});
  policy.masquerades = {{"eth1", prefixes({"172.16.10.0/24", "172.16.20.0/24"})},
                        {"eth2", prefixes({"172.16.10.0/24"})},
                        {"eth3", prefixes({"172.16.20.0/24"}), false}};
  return policy;
}

TEST_F(NftTest, ReadsNothingInAFreshNamespace) {
  EXPECT_FALSE(firewall_.read(two_host_policy()).has_value());
  EXPECT_EQ(sh("nft list ruleset"), "");
}

TEST_F(NftTest, ReadsBackWhatItWroteAndWritesItOnlyOnce) {
  const FirewallPolicy policy = two_host_policy();
  write(policy);
  expect_in_force(policy);
  const std::string once = sh("nft -a list ruleset");
  write(policy);
  EXPECT_EQ(sh("nft -a list ruleset"), once);
}

TEST_F(NftTest, ReadsBackEveryKindOfPolicy) {
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

TEST_F(NftTest, ReadsBackMasqueradesOfAdjacentSources) {
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

TEST_F(NftTest, TracksNoConnectionsOnAPlainRouter) {
  FirewallPolicy policy = router_policy();
  policy.masquerades = {};
  write(policy);
  expect_in_force(policy);
  EXPECT_THAT(sh("nft list chains"), Not(HasSubstr("type nat")));
}

TEST_F(NftTest, TakesOddNamesAsDataAndNeverAsCommands) {
  FirewallPolicy policy = two_host_policy();
  // Without a backslash, which escapes in libnftables: refused below.
  policy.ingress = tests::on_links({"$x", "e\"; flush", "{ }"});
  policy.masquerades = {{"e\";flush", prefixes({"10.0.0.0/24"})}};
  write(policy);
  expect_in_force(policy);
  for (const char* name : {"*", "eth*", "@local", "a\\*", "", "longer-than-fifteen"}) {
    FirewallPolicy bad = two_host_policy();
    bad.ingress = tests::on_links({name});
    EXPECT_THROW(write(bad), base::Error) << name;
  }
  expect_in_force(policy);
}

TEST_F(NftTest, KeepsForeignRulesOfDockerUserWhereTheyStand) {
  sh("iptables-nft -N DOCKER-USER; iptables-nft -A DOCKER-USER -s 1.2.3.4 -j DROP;"
     "iptables-nft -A DOCKER-USER -s 1.2.3.5 -m conntrack --ctstate NEW -j DROP;"
     "iptables-nft -A DOCKER-USER -j RETURN");
  write(two_host_policy());
  expect_in_force(two_host_policy());
  EXPECT_EQ(sh("iptables-nft -S DOCKER-USER"),
            "-N DOCKER-USER\n"
            "-A DOCKER-USER -m mark --mark 0x200000/0x200000 -m comment --comment overland -j "
            "OVERLAND-FORWARD\n"
            "-A DOCKER-USER -s 1.2.3.4/32 -j DROP\n"
            "-A DOCKER-USER -s 1.2.3.5/32 -m conntrack --ctstate NEW -j DROP\n"
            "-A DOCKER-USER -j RETURN\n");
  // What is put above ours is meant to come first, and stays there.
  sh("iptables-nft -I DOCKER-USER -s 1.2.3.6 -j DROP");
  expect_in_force(two_host_policy());
  sh("iptables-nft -R DOCKER-USER 2 -g OVERLAND-FORWARD");
  write(two_host_policy());
  expect_in_force(two_host_policy());
  EXPECT_EQ(sh("iptables-nft -S DOCKER-USER | sed -n 2,3p"),
            "-A DOCKER-USER -s 1.2.3.6/32 -j DROP\n"
            "-A DOCKER-USER -m mark --mark 0x200000/0x200000 -m comment --comment overland -j "
            "OVERLAND-FORWARD\n");
}

TEST_F(NftTest, StandsDirectlyBelowTheJumpToDockerUser) {
  write(two_host_policy());
  const auto forward = [] { return sh("iptables-nft -S FORWARD | grep -- -j | sed 's/.*-j //'"); };
  EXPECT_EQ(forward(), "OVERLAND-USER\n");
  // As dockerd 28 does at each of its starts.
  sh("iptables-nft -N DOCKER-FORWARD; iptables-nft -I FORWARD -j DOCKER-FORWARD;"
     "iptables-nft -I FORWARD -j DOCKER-USER");
  expect_in_force(two_host_policy());
  sh("iptables-nft -F DOCKER-USER");
  EXPECT_THAT(defects(two_host_policy()),
              ElementsAre(HasSubstr("DOCKER-USER to OVERLAND-FORWARD is missing"),
                          HasSubstr("not directly below the one to DOCKER-USER")));
  write(two_host_policy());
  expect_in_force(two_host_policy());
  EXPECT_EQ(forward(), "DOCKER-USER\nOVERLAND-USER\nDOCKER-FORWARD\n");
}

TEST_F(NftTest, MakesNoDockerUserWithoutDockerAndTakesAlongTheOneItMade) {
  FirewallPolicy without = two_host_policy();
  without.anchor = FirewallAnchor::kForward;
  write(without);
  expect_in_force(without);
  EXPECT_THAT(sh("nft list chains"), Not(HasSubstr("DOCKER-USER")));
  write(two_host_policy());
  EXPECT_THAT(sh("nft list chains"), HasSubstr("DOCKER-USER"));
  write(without);
  expect_in_force(without);
  EXPECT_THAT(sh("nft list chains"), Not(HasSubstr("DOCKER-USER")));
  // Docker was removed, and its rules are still there.
  sh("iptables-nft -N DOCKER-USER; iptables-nft -I FORWARD -j DOCKER-USER");
  write(without);
  expect_in_force(without);
  EXPECT_EQ(sh("iptables-nft -S FORWARD | sed -n '$p'"),
            "-A FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment overland -j "
            "OVERLAND-FORWARD\n");
}

TEST_F(NftTest, ShowsAnotherMarkAndAnotherAnchorAsThePolicyInForce) {
  FirewallPolicy old = two_host_policy();
  old.mark = 0x400000;
  old.conntrack = false;
  write(old);
  FirewallPolicy without_docker = two_host_policy();
  without_docker.anchor = FirewallAnchor::kForward;
  const auto found = firewall_.read(without_docker);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->defects, IsEmpty());
  EXPECT_TRUE(found->policy == old);
}

TEST_F(NftTest, JumpsOnlyWithTheMarkAlsoAfterItChanged) {
  FirewallPolicy old = two_host_policy();
  old.mark = 0x400000;
  write(old);
  write(two_host_policy());
  expect_in_force(two_host_policy());
  EXPECT_EQ(sh("iptables-nft -t raw -S PREROUTING | sed -n '$p'"),
            "-A PREROUTING -m mark --mark 0x200000/0x200000 -m comment --comment overland -j "
            "OVERLAND-RAW\n");
}

TEST_F(NftTest, RemovesEverythingItMade) {
  for (const auto& policy : {two_host_policy(), router_policy()}) {
    write(policy);
    firewall_.remove();
    EXPECT_EQ(sh("nft list ruleset"), "");
    EXPECT_FALSE(firewall_.read(policy).has_value());
  }
  firewall_.remove();
}

TEST_F(NftTest, RemovalLeavesWhatStoodBefore) {
  sh("iptables-nft -N DOCKER-USER; iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -j "
     "DOCKER-USER; iptables-nft -t raw -A PREROUTING -s 1.2.3.4 -j DROP; nft add table ip foreign");
  const std::string before = sh("nft list ruleset");
  write(two_host_policy());
  firewall_.remove();
  EXPECT_EQ(sh("nft list ruleset"), before);
}

TEST_F(NftTest, RemovalLeavesAnEmptyTableThatStoodBefore) {
  sh("nft add table ip raw;"
     "nft add chain ip raw PREROUTING '{ type filter hook prerouting priority raw; }';"
     "nft add table ip filter; nft add chain ip filter DOCKER-USER");
  const std::string before = sh("nft list ruleset");
  write(two_host_policy());
  firewall_.remove();
  EXPECT_EQ(sh("nft list ruleset"), before);
}

TEST_F(NftTest, RemovalLeavesWhatOthersCameToUse) {
  write(two_host_policy());
  sh("iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -t raw -A PREROUTING -s 1.2.3.4 -j "
     "DROP");
  firewall_.remove();
  EXPECT_EQ(sh("iptables-nft-save | grep -E '^[-:*]'"),
            "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -s 1.2.3.4/32 -j "
            "DROP\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT "
            "[0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n");
}

TEST_F(NftTest, RemovesAChainReferredToFromElsewhereOnlyIfItCan) {
  write(two_host_policy());
  sh("nft add chain ip filter mine; nft add rule ip filter mine jump DOCKER-USER");
  firewall_.remove();
  EXPECT_EQ(sh("nft list ruleset | grep -cE 'overland|OVERLAND'; true"), "0\n");
  EXPECT_THAT(sh("nft list ruleset"), HasSubstr("jump DOCKER-USER"));
}

TEST_F(NftTest, SurvivesIptablesBesideIt) {
  write(two_host_policy());
  EXPECT_THAT(sh("iptables-nft -S"),
              HasSubstr("-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment "
                        "overland -j ACCEPT\n"
                        "-A OVERLAND-USER -m mark --mark 0x200000/0x200000 -m comment --comment "
                        "overland -j DOCKER-USER\n"));
  sh("iptables-nft -A FORWARD -s 5.6.7.8 -j DROP; iptables-nft -t raw -A PREROUTING -d 5.6.7.8 -j "
     "DROP; iptables-nft -t nat -A POSTROUTING -s 192.168.100.0/24 ! -o docker0 -j MASQUERADE");
  expect_in_force(two_host_policy());
  const std::string saved = sh("iptables-nft-save | grep -E '^[-:*]'");
  sh("iptables-nft-save | iptables-nft-restore");
  EXPECT_EQ(sh("iptables-nft-save | grep -E '^[-:*]'"), saved);
  expect_in_force(two_host_policy());
}

}  // namespace
}  // namespace overland::firewall::nft
