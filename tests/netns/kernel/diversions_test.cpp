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
