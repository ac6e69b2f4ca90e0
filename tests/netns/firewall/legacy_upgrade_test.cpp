// From the rules and ipsets by which earlier versions had their whole policy in the legacy tables:
// one write, no packet lost, nothing left. The texts are what such a version wrote.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstdint>
#include <fstream>

#include "firewall/legacy/old_sets.h"
#include "links.h"
#include "netlink/netlink_socket.h"
#include "netns/firewall/legacy_scene.h"
#include "netns/flood.h"

namespace overland::firewall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::sh;

constexpr const char* kBox = "192.168.100.2";
constexpr const char* kPeerBox = "192.168.200.2";

constexpr const char* kDockerHost = R"(*raw
:OVERLAND-FROM - [0:0]
:OVERLAND-HOST - [0:0]
:OVERLAND-IN - [0:0]
:OVERLAND-OUT - [0:0]
:OVERLAND-RAW - [0:0]
:OVERLAND-SUBNET - [0:0]
:OVERLAND-TO - [0:0]
-I PREROUTING -m comment --comment overland -j OVERLAND-RAW
-A OVERLAND-FROM -m set --match-set overland-subnets src -m comment --comment overland -g OVERLAND-SUBNET
-A OVERLAND-FROM -s 192.168.200.0/24 -m comment --comment overland -g OVERLAND-SUBNET
-A OVERLAND-FROM -s 10.0.0.201/32 -m comment --comment overland -g OVERLAND-HOST
-A OVERLAND-HOST -m comment --comment overland -j MARK --set-xmark 0x200000/0x200000
-A OVERLAND-HOST -m comment --comment overland -j ACCEPT
-A OVERLAND-IN -d 192.168.100.0/24 -m comment --comment overland -j OVERLAND-FROM
-A OVERLAND-OUT -s 192.168.100.0/24 -m comment --comment overland -j OVERLAND-TO
-A OVERLAND-RAW -m comment --comment overland -j MARK --set-xmark 0x0/0x200000
-A OVERLAND-RAW -i eth0 -m comment --comment overland -j OVERLAND-IN
-A OVERLAND-RAW -i docker0 -m comment --comment overland -j OVERLAND-OUT
-A OVERLAND-SUBNET -m comment --comment overland -j MARK --set-xmark 0x200000/0x200000
-A OVERLAND-SUBNET -m comment --comment overland -j ACCEPT
-A OVERLAND-TO -m set --match-set overland-subnets dst -m comment --comment overland -g OVERLAND-SUBNET
-A OVERLAND-TO -d 192.168.200.0/24 -m comment --comment overland -g OVERLAND-SUBNET
-A OVERLAND-TO -d 10.0.0.201/32 -m comment --comment overland -g OVERLAND-HOST
COMMIT
*filter
:OVERLAND-FORWARD - [0:0]
-I DOCKER-USER -m comment --comment overland -j OVERLAND-FORWARD
-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment overland -j ACCEPT
COMMIT
*nat
:OVERLAND-NAT - [0:0]
-I POSTROUTING -m comment --comment overland -j OVERLAND-NAT
-A OVERLAND-NAT -s 192.168.100.0/24 -m mark --mark 0x200000/0x200000 -m comment --comment overland -j ACCEPT
COMMIT
)";

constexpr const char* kRouter = R"(*raw
:OVERLAND-HOST - [0:0]
:OVERLAND-IN - [0:0]
:OVERLAND-PASS - [0:0]
:OVERLAND-RAW - [0:0]
:OVERLAND-TRANSIT - [0:0]
:OVERLAND-TRANSIT-TO - [0:0]
-I PREROUTING -m comment --comment overland -j OVERLAND-RAW
-A OVERLAND-IN -m comment --comment overland -j OVERLAND-TRANSIT
-A OVERLAND-PASS -m comment --comment overland -j MARK --set-xmark 0x200000/0x200000
-A OVERLAND-PASS -m comment --comment overland -j ACCEPT
-A OVERLAND-RAW -m comment --comment overland -j MARK --set-xmark 0x0/0x200000
-A OVERLAND-RAW -i docker0 -m comment --comment overland -j OVERLAND-IN
-A OVERLAND-RAW -i eth0 -m comment --comment overland -j OVERLAND-IN
-A OVERLAND-TRANSIT -s 192.168.100.0/24 -m comment --comment overland -g OVERLAND-TRANSIT-TO
-A OVERLAND-TRANSIT -s 192.168.200.0/24 -m comment --comment overland -g OVERLAND-TRANSIT-TO
-A OVERLAND-TRANSIT-TO -d 192.168.100.0/24 -m comment --comment overland -g OVERLAND-PASS
-A OVERLAND-TRANSIT-TO -d 192.168.200.0/24 -m comment --comment overland -g OVERLAND-PASS
COMMIT
*filter
:OVERLAND-BACK-1 - [0:0]
:OVERLAND-FORWARD - [0:0]
:OVERLAND-MASQ-1 - [0:0]
:OVERLAND-OUTSIDE - [0:0]
-I FORWARD -m comment --comment overland -j OVERLAND-FORWARD
-A OVERLAND-BACK-1 -d 192.168.100.0/24 -m comment --comment overland -j ACCEPT
-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment overland -j ACCEPT
-A OVERLAND-FORWARD -o eth1 -m comment --comment overland -j OVERLAND-MASQ-1
-A OVERLAND-FORWARD -i eth1 -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment overland -j OVERLAND-BACK-1
-A OVERLAND-MASQ-1 -s 192.168.100.0/24 -m comment --comment overland -g OVERLAND-OUTSIDE
-A OVERLAND-OUTSIDE -m set --match-set overland-cluster dst -m comment --comment overland -j RETURN
-A OVERLAND-OUTSIDE -m comment --comment overland -j ACCEPT
COMMIT
*nat
:OVERLAND-MASQ-1 - [0:0]
:OVERLAND-NAT - [0:0]
:OVERLAND-OUTSIDE - [0:0]
-I POSTROUTING -m comment --comment overland -j OVERLAND-NAT
-A OVERLAND-MASQ-1 -s 192.168.100.0/24 -m comment --comment overland -g OVERLAND-OUTSIDE
-A OVERLAND-NAT -o eth1 -m comment --comment overland -j OVERLAND-MASQ-1
-A OVERLAND-OUTSIDE -m set --match-set overland-cluster dst -m comment --comment overland -j RETURN
-A OVERLAND-OUTSIDE -m comment --comment overland -j MASQUERADE
COMMIT
)";

class LegacyUpgrade : public LegacyScene {
 protected:
  void SetUp() override {
    LegacyScene::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    raise_network();
  }

  /// An ipset hash:net without elements; `name` as nothing made now is called.
  static void make_set(const std::string& name) {
    const auto refusal = netlink::Socket(NETLINK_NETFILTER).execute([&](auto& message) {
      const nfgenmsg family = {AF_INET, NFNETLINK_V0, 0};
      message.begin(NFNL_SUBSYS_IPSET << 8U | IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL, family);
      const auto put_u8 = [&](int type, std::uint8_t value) {
        message.put_bytes(type, std::array<std::uint8_t, 1>{value});
      };
      put_u8(IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN);
      message.put_string(IPSET_ATTR_SETNAME, name);
      message.put_string(IPSET_ATTR_TYPENAME, "hash:net");
      put_u8(IPSET_ATTR_REVISION, 0);
      put_u8(IPSET_ATTR_FAMILY, AF_INET);
      message.close(message.open(IPSET_ATTR_DATA | NLA_F_NESTED));
    });
    ASSERT_EQ(refusal.error, 0) << name;
  }

  static void restore(const char* rules) {
    make_set("overland-subnets");
    make_set("overland-cluster");
    std::ofstream("/run/old") << rules;
    sh("iptables-legacy-restore -n < /run/old");
  }

  void expect_nothing_old() {
    for (const char* old : {"OVERLAND-IN", "OVERLAND-TO", "OVERLAND-TRANSIT", "OVERLAND-NAT",
                            "OVERLAND-MASQ", "OVERLAND-OUTSIDE", "--match-set"}) {
      EXPECT_THAT(rules(), Not(HasSubstr(old)));
    }
    EXPECT_TRUE(legacy::old_sets().empty());
  }
};

TEST_F(LegacyUpgrade, LosesNoPacketAndLeavesNothingOld) {
  start_docker();
  restore(kDockerHost);
  ASSERT_TRUE(ping("peer", kBox, kPeerBox));
  const auto found = firewall_.read(docker_host());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->policy.variant, model::FirewallVariant::kLegacy);
  EXPECT_EQ(found->policy.anchor, model::FirewallAnchor::kDockerUser);
  tests::Flood flood("peer", std::string("-I ") + kPeerBox + " " + kBox);
  write(docker_host());
  EXPECT_EQ(flood.lost(), 0);
  expect_in_force(docker_host());
  expect_nothing_old();
  watch("peer", kBox);
  EXPECT_TRUE(ping("box", kPeerBox));
  EXPECT_TRUE(seen("peer", kBox));
}

TEST_F(LegacyUpgrade, OfAMasqueradingRouterToo) {
  sh("iptables-legacy -P FORWARD DROP; ip -n outside route del default");
  restore(kRouter);
  model::FirewallPolicy router;
  router.variant = model::FirewallVariant::kLegacy;
  router.anchor = model::FirewallAnchor::kForward;
  router.mark = 0x200000;
  router.ingress = tests::on_links({"docker0", "eth0"});
  router.peer_subnets = {prefix("192.168.200.0/24")};
  router.transit = {prefix("192.168.100.0/24"), prefix("192.168.200.0/24")};
  router.masquerades = {{"eth1", {prefix("192.168.100.0/24")}}};
  tests::Flood flood("box", "172.30.0.2");
  write(router);
  EXPECT_EQ(flood.lost(), 0);
  expect_in_force(router);
  expect_nothing_old();
  EXPECT_TRUE(ping("box", kPeerBox));
  EXPECT_TRUE(ping("box", "172.30.0.2"));
}

TEST_F(LegacyUpgrade, WhatIsLeftGoesWithARemovalAndWithTheOtherVariant) {
  start_docker();
  const std::string before = rules();
  restore(kDockerHost);
  remove();
  EXPECT_EQ(rules(), before);
  expect_nothing_old();
  EXPECT_FALSE(firewall_.read(docker_host()));
  restore(kDockerHost);
  model::FirewallPolicy other = docker_host();
  other.variant = model::FirewallVariant::kNft;
  write(other);
  expect_in_force(other);
  EXPECT_EQ(rules(), before);
}

TEST_F(LegacyUpgrade, SetsThatNoRuleUsesGoToo) {
  make_set("overland-masq-eth0");
  make_set("overland-mine");  // no name of ours
  make_set("others");
  ASSERT_TRUE(firewall_.read(docker_host()));
  remove();
  EXPECT_FALSE(firewall_.read(docker_host()));
  for (const std::string name : {"others", "overland-mine"}) {
    EXPECT_EQ(::system(("iptables-legacy -A INPUT -m set --match-set " + name + " src").c_str()),
              0);
  }
}

}  // namespace
}  // namespace overland::firewall
