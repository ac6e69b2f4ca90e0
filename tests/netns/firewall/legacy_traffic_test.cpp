// What table ip overland and the anchors in the legacy tables do to packets, beside rules as
// Docker 28 makes them.

#include <gmock/gmock.h>

#include "links.h"
#include "netns/firewall/legacy_scene.h"

namespace overland::firewall {
namespace {

using tests::sh;

constexpr const char* kBox = "192.168.100.2";
constexpr const char* kPeerBox = "192.168.200.2";

class LegacyTraffic : public LegacyScene {
 protected:
  void SetUp() override {
    LegacyScene::SetUp();
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

TEST_F(LegacyTraffic, IsBlockedWithoutUsAndPassesWithUs) {
  start_docker();
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
  write(docker_host());
  expect_reachable_with_real_sources();
  EXPECT_TRUE(ping("peer", kBox)) << "from the peer's own address";
}

TEST_F(LegacyTraffic, KeepsTheSourceAtOnceWhenDockerStartsAfterUs) {
  write(docker_host());  // before dockerd's first start
  start_docker();
  watch("peer", kBox);
  watch("box", kPeerBox);
  EXPECT_TRUE(ping("box", kPeerBox));
  EXPECT_TRUE(seen("peer", kBox)) << "Docker's MASQUERADE stands first, and is not asked";
  EXPECT_TRUE(ping("peer", kBox, kPeerBox));
  EXPECT_TRUE(seen("box", kPeerBox));
}

TEST_F(LegacyTraffic, PassesWhateverDockerIsDoing) {
  write(docker_host());
  sh("iptables-legacy -P FORWARD DROP");  // as a Docker that never ran, or that was stopped and
                                          // flushed
  EXPECT_TRUE(ping("peer", kBox, kPeerBox));
  start_docker();
  EXPECT_TRUE(ping("peer", kBox, kPeerBox)) << "before the next apply";
  write(docker_host());
  sh("iptables-legacy -F");
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
  write(docker_host());
  EXPECT_TRUE(ping("peer", kBox, kPeerBox));
}

TEST_F(LegacyTraffic, AUsersDropAboveUsInDockerUserCounts) {
  start_docker();
  write(docker_host());
  sh("iptables-legacy -I DOCKER-USER -s 192.168.200.0/24 -j DROP");
  for (const bool applied_again : {false, true}) {
    if (applied_again) write(docker_host());
    EXPECT_FALSE(ping("peer", kBox, kPeerBox));
    EXPECT_TRUE(ping("peer", kBox)) << "from the peer's own address";
  }
}

TEST_F(LegacyTraffic, RefusesPeersAddressesFromElsewhere) {
  start_docker();
  write(docker_host());
  watch("box", kPeerBox);
  EXPECT_FALSE(ping("outside", kBox, kPeerBox));
  EXPECT_FALSE(seen("box", kPeerBox));
  EXPECT_FALSE(ping("outside", kBox)) << "an address nobody trusts";
}

TEST_F(LegacyTraffic, ClearsAMarkThatIsAlreadyThere) {
  start_docker();
  // As before Docker 28: there the mark alone would be enough.
  sh("iptables-legacy -t raw -F PREROUTING");
  sh("nft add table ip early; nft add chain ip early pre '{ type filter hook prerouting priority "
     "-400; }'; nft add rule ip early pre meta mark set 0x200000");
  write(docker_host());
  EXPECT_FALSE(ping("outside", kBox));
  EXPECT_TRUE(ping("peer", kBox));
}

TEST_F(LegacyTraffic, StaysMasqueradedTowardsTheInternet) {
  start_docker();
  write(docker_host());
  watch("outside", "172.30.0.1");
  EXPECT_TRUE(ping("box", "172.30.0.2"));
  EXPECT_TRUE(seen("outside", "172.30.0.1"));
}

TEST_F(LegacyTraffic, WithoutConntrackIsTrackedTowardsHostsOnly) {
  model::FirewallPolicy policy = docker_host();
  policy.conntrack = false;
  write(policy);
  start_docker();
  expect_reachable_with_real_sources();
  watch("peer", "10.0.0.200");
  EXPECT_TRUE(ping("box", "10.0.0.201"));
  EXPECT_TRUE(seen("peer", "10.0.0.200")) << "towards a peer's host Docker's masquerade stays";
}

TEST_F(LegacyTraffic, SwitchesConntrackOffAndOn) {
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

TEST_F(LegacyTraffic, StopsWhenRemoved) {
  start_docker();
  write(docker_host());
  EXPECT_TRUE(ping("peer", kBox, kPeerBox));
  remove();
  EXPECT_FALSE(ping("peer", kBox, kPeerBox));
}

/// No Docker here: `box` and `peer` are two segments, `outside` is the way out.
class LegacyRouter : public LegacyTraffic {
 protected:
  static model::FirewallPolicy router() {
    model::FirewallPolicy policy;
    policy.variant = model::FirewallVariant::kLegacy;
    policy.anchor = model::FirewallAnchor::kForward;
    policy.mark = 0x200000;
    policy.ingress = tests::on_links({"docker0", "eth0"});
    policy.peer_subnets = {prefix("192.168.200.0/24")};
    policy.transit = {prefix("10.0.0.0/24"), prefix("192.168.100.0/24"),
                      prefix("192.168.200.0/24")};
    policy.masquerades = {{"eth1", {prefix("192.168.100.0/24"), prefix("192.168.200.0/24")}}};
    return policy;
  }
};

TEST_F(LegacyRouter, ForwardsBetweenSegmentsOnly) {
  sh("iptables-legacy -P FORWARD DROP");
  EXPECT_FALSE(ping("box", kPeerBox));
  write(router());
  expect_reachable_with_real_sources();
  EXPECT_FALSE(ping("outside", kBox));
  EXPECT_FALSE(ping("outside", kBox, kPeerBox)) << "a segment's address from outside";
  EXPECT_FALSE(ping("peer", "172.30.0.2")) << "10.0.0.201 is not among the masqueraded sources";
}

TEST_F(LegacyRouter, ForwardsUntrackedWithoutConntrack) {
  sh("iptables-legacy -P FORWARD DROP");
  model::FirewallPolicy policy = router();
  policy.conntrack = false;
  write(policy);
  expect_in_force(policy);
  expect_reachable_with_real_sources();
}

TEST_F(LegacyRouter, MasqueradesWhatLeavesAndLetsItsRepliesIn) {
  sh("iptables-legacy -P FORWARD DROP; ip -n outside route del default");
  EXPECT_FALSE(ping("box", "172.30.0.2"));
  write(router());
  expect_in_force(router());
  EXPECT_TRUE(ping("peer", "172.30.0.2", kPeerBox));
  watch("outside", "172.30.0.1");
  EXPECT_TRUE(ping("box", "172.30.0.2"));
  EXPECT_TRUE(seen("outside", "172.30.0.1"));
}

}  // namespace
}  // namespace overland::firewall
