#include <array>
#include <string>

#include "kernel/routes.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::RouteTable;

class Diversions : public KernelSandbox {
 protected:
  void SetUp() override {
    KernelSandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip link add docker0 type bridge; ip link set docker0 up; sysctl -qw net.ipv4.ip_forward=1;"
       "ip address add 10.3.0.1/24 dev docker0; ip route add default via 10.9.0.8");
    RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"})),
                                   create(route("10.2.0.0/24", {"10.9.0.2"}))});
  }
  std::vector<model::Diversion> find(const std::string& bridge = "docker0") {
    model::LinkFacts link;
    link.name = bridge;
    link.up = true;
    link.addresses = {model::InterfaceAddress::parse("10.3.0.1/24").value()};
    const std::vector destinations = {prefix("10.1.0.0/24"), prefix("10.2.0.0/24")};
    return RouteTable().diversions(destinations, bridge.empty() ? nullptr : &link, 0x200000);
  }
};

TEST_F(Diversions, NoneByTheKernelsOwnRules) { EXPECT_TRUE(find().empty()); }

TEST_F(Diversions, FindsTablesThatAnswerFirst) {
  sh("ip route add 10.1.0.0/16 via 10.9.0.8 table 77; ip rule add pref 100 lookup 77");
  EXPECT_EQ(find(), (std::vector<model::Diversion>{{prefix("10.1.0.0/24"), 77}}));
  EXPECT_EQ(find(""), (std::vector<model::Diversion>{{prefix("10.1.0.0/24"), 77}}));
  sh("ip rule add pref 1 lookup main suppress_prefixlength 0");
  EXPECT_TRUE(find().empty());
}

TEST_F(Diversions, FindsRulesAboutContainers) {
  sh("ip route add default via 10.9.0.8 table 77; ip rule add pref 100 from 10.3.0.0/24 lookup 77");
  EXPECT_EQ(find(), (std::vector<model::Diversion>{{prefix("10.1.0.0/24"), 77},
                                                   {prefix("10.2.0.0/24"), 77}}));
  EXPECT_TRUE(find("").empty());
}

TEST_F(Diversions, FindsRulesThatRefuse) {
  for (const std::string action : {"unreachable", "prohibit", "blackhole"}) {
    sh("ip rule add pref 100 from 10.3.0.0/24 to 10.2.0.0/24 " + action);
    EXPECT_EQ(find(), (std::vector<model::Diversion>{{prefix("10.2.0.0/24"), 0}})) << action;
    sh("ip rule del pref 100");
  }
}

/// Around what a tunnel sends from 10.9.0.1; each command is taken back by the second.
TEST_F(Diversions, WhatATunnelSendsNeedsAWayOut) {
  model::LinkFacts tunnel;
  tunnel.name = "vxlan.ovl";
  tunnel.vxlan.emplace().port = 4789;
  tunnel.vxlan->local = model::Address::parse("10.9.0.1").value();
  const std::vector peer = {prefix("10.7.0.12/32")};
  const auto around = [&] { return RouteTable().diversions(peer, &tunnel, 0x200000); };
  sh("ip link add vxlan.ovl type vxlan id 111 dstport 4789 nolearning; ip link set vxlan.ovl up");
  EXPECT_TRUE(around().empty());
  const std::vector<std::array<std::string, 3>> cases = {
      {"ip route del default", "ip route add default via 10.9.0.8", ""},
      {"ip route add throw 10.7.0.12", "ip route del throw 10.7.0.12", ""},
      {"ip route add 10.7.0.12 dev vxlan.ovl", "ip route del 10.7.0.12", "vxlan.ovl"},
      {"ip route add 10.7.0.0/24 dev lo", "ip route del 10.7.0.0/24", "lo"},
      {"ip rule add to 10.8.0.0/16 unreachable; ip rule add from 10.8.0.1 unreachable; ip route "
       "del "
       "default",
       "ip rule del to 10.8.0.0/16; ip rule del from 10.8.0.1; ip route add default via 10.9.0.8",
       ""},
      {"ip address add 10.7.0.12/32 dev lo", "ip address del 10.7.0.12/32 dev lo", "lo"}};
  for (const auto& [breaks, mends, link] : cases) {
    sh(breaks);
    EXPECT_EQ(around(), (std::vector<model::Diversion>{{peer[0], 0, link}})) << breaks;
    sh(mends);
    EXPECT_TRUE(around().empty()) << mends;
  }
  sh("ip rule add to 10.7.0.0/24 unreachable");
  EXPECT_EQ(around(), (std::vector<model::Diversion>{{peer[0], 0}}));
  sh("ip rule del to 10.7.0.0/24; ip route add blackhole 10.7.0.12");
  EXPECT_EQ(around(), (std::vector<model::Diversion>{{peer[0], 0}}));
  sh("ip route replace 10.7.0.12 via 10.3.0.7 dev docker0");  // a VPN in a container
  EXPECT_TRUE(around().empty());
}

TEST_F(Diversions, OnLinkIsWhatARouteReachesWithoutAGateway) {
  sh("ip route add 10.77.0.0/24 dev lan; ip route add 10.78.0.0/24 via 10.9.0.8;"
     "ip route add unreachable 10.79.0.0/24; ip route del default; ip route add default dev lan");
  std::vector<model::Address> asked;
  for (const char* one : {"10.9.0.7", "10.77.0.7", "10.78.0.7", "10.79.0.7", "10.80.0.7"}) {
    asked.push_back(model::Address::parse(one).value());
  }
  EXPECT_EQ(RouteTable().on_link(asked), (std::vector{asked[0], asked[1]}));
  EXPECT_TRUE(RouteTable().on_link({}).empty());
}

TEST_F(Diversions, PassesOverTablesWithoutAnAnswer) {
  sh("ip rule add pref 100 lookup 77; ip rule add pref 101 not fwmark 0x200000/0x200000 lookup 78;"
     "ip route add default via 10.9.0.8 table 78");
  EXPECT_TRUE(find().empty());
}

}  // namespace
}  // namespace overland::tests
