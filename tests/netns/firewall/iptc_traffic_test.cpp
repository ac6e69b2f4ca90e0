// What the legacy rules do to packets, beside rules as Docker 28 makes them.

#include <gmock/gmock.h>

#include "netns/firewall/iptc_scene.h"

namespace overland::firewall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::sh;

constexpr const char* kBox = "192.168.100.2";
constexpr const char* kPeerBox = "192.168.200.2";

class IptcTraffic : public IptcScene {
 protected:
  void SetUp() override {
    IptcScene::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    raise_network();
  }

  static void expect_reachable_with_real_sources() {
    watch("peer", kBox);
    watch("box", kPeerBox);
    EXPECT_TRUE(ping("peer", kBox, kPeerBox));
    EXPECT_TRUE(ping("box", kPeerBox));
    EXPECT_TRUE(seen("peer", kBox)) << "the peer sees another source than the container's";
    EXPECT_TRUE(seen("box", kPeerBox));
  }
};

TEST_F(IptcTraffic, IsBlockedWithoutUsAndPassesWithUs) {
  start_docker();
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
  write(docker_host());
  expect_reachable_with_real_sources();
  EXPECT_TRUE(ping("peer", kBox)) << "from the peer's own address";
}

TEST_F(IptcTraffic, PassesWithPeersInSets) {
  start_docker();
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(10000);
  policy.peer_subnets.push_back(prefix("192.168.200.0/24"));
  write(policy);
  expect_reachable_with_real_sources();
  policy.peer_subnets.pop_back();
  write(policy);
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
}

TEST_F(IptcTraffic, KeepsTheSourceAgainOnceTheOrderIsRepaired) {
  write(docker_host());  // before dockerd's first start
  start_docker();
  watch("peer", "10.0.0.200");
  EXPECT_TRUE(ping("box", kPeerBox));
  EXPECT_TRUE(seen("peer", "10.0.0.200")) << "Docker's MASQUERADE stands above";
  EXPECT_THAT(legacy_driver()->read(docker_host()).value().defects,
              ElementsAre(HasSubstr("legacy nat: rule 2 of POSTROUTING jumps to OVERLAND-NAT")));
  write(docker_host());
  expect_in_force(docker_host());
  expect_reachable_with_real_sources();
}

TEST_F(IptcTraffic, RefusesPeersAddressesFromElsewhere) {
  start_docker();
  write(docker_host());
  watch("box", kPeerBox);
  EXPECT_FALSE(ping("outside", kBox, kPeerBox));
  EXPECT_FALSE(seen("box", kPeerBox));
  EXPECT_FALSE(ping("outside", kBox)) << "an address nobody trusts";
}

TEST_F(IptcTraffic, ClearsAMarkThatIsAlreadyThere) {
  start_docker();
  // As before Docker 28: there the mark alone would be enough.
  sh("iptables-legacy -t raw -F PREROUTING");
  sh("nft add table ip early; nft add chain ip early pre '{ type filter hook prerouting priority "
     "-400; }'; nft add rule ip early pre meta mark set 0x200000");
  write(docker_host());
  EXPECT_FALSE(ping("outside", kBox));
  EXPECT_TRUE(ping("peer", kBox));
}

TEST_F(IptcTraffic, StaysMasqueradedTowardsTheInternet) {
  start_docker();
  write(docker_host());
  watch("outside", "172.30.0.1");
  EXPECT_TRUE(ping("box", "172.30.0.2"));
  EXPECT_TRUE(seen("outside", "172.30.0.1"));
}

TEST_F(IptcTraffic, WithoutConntrackIsOrderProofAndTrackedTowardsHosts) {
  model::FirewallPolicy policy = docker_host();
  policy.conntrack = false;
  write(policy);
  start_docker();
  expect_reachable_with_real_sources();
  watch("peer", "10.0.0.200");
  EXPECT_TRUE(ping("box", "10.0.0.201"));
  EXPECT_TRUE(seen("peer", "10.0.0.200")) << "towards a peer's host Docker's masquerade stays";
}

TEST_F(IptcTraffic, SwitchesConntrackOffAndOn) {
  start_docker();
  write(docker_host());
  model::FirewallPolicy untracked = docker_host();
  untracked.conntrack = false;
  for (const auto& policy : {untracked, docker_host()}) {
    write(policy);
    expect_in_force(policy);
    EXPECT_TRUE(ping("peer", kBox, kPeerBox));
    EXPECT_TRUE(ping("box", kPeerBox));
  }
}

TEST_F(IptcTraffic, StopsWhenRemoved) {
  start_docker();
  write(docker_host());
  EXPECT_TRUE(ping("peer", kBox, kPeerBox));
  legacy_driver()->remove();
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
}

/// No Docker here: `box` and `peer` are two segments, `outside` is the way out.
class IptcRouter : public IptcTraffic {
 protected:
  static model::FirewallPolicy router() {
    model::FirewallPolicy policy;
    policy.variant = model::FirewallVariant::kLegacy;
    policy.anchor = model::FirewallAnchor::kForward;
    policy.mark = 0x200000;
    policy.underlay_links = {"docker0", "eth0"};
    policy.peer_subnets = {prefix("192.168.200.0/24")};
    policy.transit = {prefix("10.0.0.0/24"), prefix("192.168.100.0/24"),
                      prefix("192.168.200.0/24")};
    policy.masquerades = {{"eth1", {prefix("192.168.100.0/24"), prefix("192.168.200.0/24")}}};
    return policy;
  }
};

TEST_F(IptcRouter, ForwardsBetweenSegmentsOnly) {
  sh("iptables-legacy -P FORWARD DROP");
  EXPECT_FALSE(ping("box", kPeerBox));
  write(router());
  expect_reachable_with_real_sources();
  EXPECT_FALSE(ping("outside", kBox));
  EXPECT_FALSE(ping("outside", kBox, kPeerBox)) << "a segment's address from outside";
  EXPECT_FALSE(ping("peer", "172.30.0.2")) << "10.0.0.201 is not among the masqueraded sources";
}

TEST_F(IptcRouter, ForwardsUntrackedWithoutConntrack) {
  sh("iptables-legacy -P FORWARD DROP");
  model::FirewallPolicy policy = router();
  policy.conntrack = false;
  write(policy);
  expect_in_force(policy);
  expect_reachable_with_real_sources();
}

TEST_F(IptcRouter, MasqueradesWhatLeavesAndLetsItsRepliesIn) {
  sh("iptables-legacy -P FORWARD DROP; ip -n outside route del default");
  EXPECT_FALSE(ping("box", "172.30.0.2"));
  write(router());
  watch("outside", "172.30.0.1");
  EXPECT_TRUE(ping("box", "172.30.0.2"));
  EXPECT_TRUE(seen("outside", "172.30.0.1"));
}

TEST_F(IptcRouter, DoesTheSameWithLongLists) {
  sh("iptables-legacy -P FORWARD DROP; ip -n outside route del default");
  model::FirewallPolicy policy = router();
  const auto more = scattered(100);
  for (auto* list : {&policy.peer_subnets, &policy.transit, &policy.masquerades[0].sources}) {
    list->insert(list->begin(), more.begin(), more.end());
  }
  std::sort(policy.transit.begin(), policy.transit.end());
  write(policy);
  expect_in_force(policy);
  expect_reachable_with_real_sources();
  EXPECT_TRUE(ping("box", "172.30.0.2"));
}

}  // namespace
}  // namespace overland::firewall
