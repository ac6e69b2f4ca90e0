// Flows in the kernel's connection tracking, and those that are cut.

#include "firewall/flows.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "firewall/host_firewall.h"
#include "firewall/nft/wing.h"
#include "netns/firewall/docker_like_host.h"
#include "unit/states.h"

namespace overland::firewall {
namespace {

using tests::net;
using tests::sh;

class FlowsTest : public tests::DockerLikeHost {
 protected:
  void SetUp() override {
    DockerLikeHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    docker_rules("iptables-nft");
    sh("iptables-nft -t nat -I POSTROUTING -d 192.168.200.0/24 -j ACCEPT;"
       "iptables-nft -I DOCKER-USER -s 192.168.200.0/24 -j ACCEPT; iptables-nft -t raw -F;"
       "ip -n x route add default via 203.0.113.1;"
       "ip -n p addr add 192.168.201.2/32 dev lo; ip route add 192.168.201.0/24 via 10.0.0.201;"
       "iptables-nft -t nat -I POSTROUTING -d 192.168.201.0/24 -j ACCEPT");
  }

  static std::size_t cut(const char* peer) {
    model::FirewallPolicy from = tests::two_hosts_policy();
    from.peer_subnets = {net(peer)};
    from.peer_hosts = {};
    model::FirewallPolicy to = from;
    to.peer_subnets.clear();
    return cut_flows(lost_trust(from, to), base::Deadline(std::chrono::seconds(10)));
  }
};

TEST_F(FlowsTest, OnlyThoseOfTheRemovedPeerAreCut) {
  ASSERT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  ASSERT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
  ASSERT_TRUE(ping("c", "192.168.100.2", "192.168.201.2"));
  ASSERT_TRUE(ping("c", "192.168.100.2", "203.0.113.2"));    // masqueraded
  ASSERT_TRUE(ping("p", "192.168.200.2", "192.168.100.1"));  // with this host itself
  EXPECT_EQ(cut("192.168.200.0/24"), 2U);
  EXPECT_EQ(cut("192.168.200.0/24"), 0U);
  EXPECT_EQ(cut("203.0.113.0/24"), 0U);
  EXPECT_EQ(cut("192.168.201.0/24"), 1U) << "was there still";
}

TEST_F(FlowsTest, AnEstablishedFlowEnds) {
  count_arrivals("c");
  // One flow for connection tracking: all carry one number.
  sh("ip netns exec p ping -n -q -w 30 -i 0.05 -I 192.168.200.2 192.168.100.2 >/dev/null 2>&1 &"
     "echo $! > /run/sender; sleep 0.5");
  ASSERT_GT(arrivals("c"), 0);
  sh("iptables-nft -D DOCKER-USER -s 192.168.200.0/24 -j ACCEPT");
  const int before = arrivals("c");
  sh("sleep 0.5");
  EXPECT_GT(arrivals("c"), before) << "connection tracking lets it go on";
  EXPECT_EQ(cut("192.168.200.0/24"), 1U);
  const int after = arrivals("c");
  sh("sleep 0.5");
  EXPECT_EQ(arrivals("c"), after);
  sh("kill $(cat /run/sender)");
}

TEST_F(FlowsTest, WhatOneRunDoesNotCutANextOneDoes) {
  base::Deadline deadline(std::chrono::seconds(60));
  nft::Wing wing = nft::make_wing();
  bool dies = true;
  std::size_t number = 0;
  HostFirewallOptions options;
  options.trace.program = "/nonexistent";
  HostFirewall firewall(
      deadline, options,
      {std::move(wing.table), std::move(wing.anchors), make_legacy_anchors(deadline, {}),
       [&](const LostTrust& lost, const base::Deadline& left) {
         if (dies) throw base::Error(base::ErrorKind::kFailure, "no time");
         number = cut_flows(lost, left);
       }});
  const model::FirewallPolicy from = tests::two_hosts_policy();
  model::FirewallPolicy to = from;
  to.peer_subnets.clear();
  firewall.apply({{}, from});
  ASSERT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  firewall.apply({from, to});
  EXPECT_NE(sh("nft list table ip overland").find("set uncut-subnets"), std::string::npos);
  sh("nft add chain ip overland stranger");
  firewall.apply({to, to});  // makes the table anew
  EXPECT_EQ(firewall.read(to)->policy, to);
  EXPECT_EQ(firewall.read(to)->defects.size(), 1U);
  dies = false;
  firewall.apply({to, to});
  EXPECT_EQ(number, 1U);
  EXPECT_TRUE(firewall.read(to)->defects.empty());
  EXPECT_EQ(sh("nft list table ip overland").find("uncut"), std::string::npos);
}

TEST_F(FlowsTest, ShortOfTimeItSaysSo) {
  ASSERT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  model::FirewallPolicy from = tests::two_hosts_policy();
  model::FirewallPolicy to = from;
  to.peer_subnets.clear();
  EXPECT_THROW(cut_flows(lost_trust(from, to), base::Deadline(std::chrono::milliseconds(0))),
               base::Error);
}

}  // namespace
}  // namespace overland::firewall
