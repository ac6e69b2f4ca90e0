// The tunnel through a plan: its link, its peers and the routes by it.

#include <gmock/gmock.h>

#include <algorithm>

#include "plan/describe.h"
#include "plan/plan.h"
#include "unit/states.h"

namespace overland::plan {
namespace {

using namespace tests;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> resources(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  for (const auto& step : steps) names.push_back(resource(step));
  return names;
}

std::string detail_of(const Plan& plan, const std::string& name) {
  for (const auto& step : plan.steps) {
    if (resource(step) == name) return detail(step);
  }
  return "no step";
}

Plan planned(const model::HostState& actual, const model::HostState& desired,
             const Options& options = {}, const model::HostFacts& facts = running_docker()) {
  return make_plan({actual}, desired, facts, options);
}

TEST(TunnelPlan, ComesFromTheGroundUp) {
  const auto plan = planned(two_hosts_desired(), tunnelled_desired());
  EXPECT_THAT(resources(plan.steps), ElementsAre("firewall", "link vxlan.ovl",
                                                 "neighbour 10.2.0.12", "route 192.168.112.0/24"));
  EXPECT_EQ(detail_of(plan, "link vxlan.ovl"),
            "VXLAN 111 from 10.0.0.200, UDP port 4789, MTU 1450, 192.168.100.1/32, up");
  EXPECT_EQ(detail_of(plan, "neighbour 10.2.0.12"), "by tunnel to 10.2.0.12");
  EXPECT_EQ(detail_of(plan, "route 192.168.112.0/24"), "via 10.2.0.12 dev vxlan.ovl");
  EXPECT_THAT(detail_of(plan, "firewall"),
              HasSubstr("tunnel: VXLAN 111 on UDP port 4789, senders +10.2.0.12/32"));
}

TEST(TunnelPlan, TheLinksAddressIsNoNetworkInTheBridgesWay) {
  auto facts = running_docker();
  auto own = link("vxlan.ovl", {"192.168.100.1/32"});
  own.vxlan = tunnel().vxlan;
  own.ours = true;
  facts.links.push_back(own);
  const auto desired = tunnelled_desired();
  EXPECT_THAT(planned(desired, desired, {}, facts).conflicts(), IsEmpty());
}

TEST(TunnelPlan, RulesAboutItsPacketsAreOneSentence) {
  auto desired = tunnelled_desired();
  desired.neighbours.push_back(peer("10.2.0.13"));
  auto facts = running_docker();
  facts.diversions = {{net("10.2.0.12/32"), 0}, {net("10.2.0.13/32"), 0}};
  auto told = planned(desired, desired, {}, facts).conflicts();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].sentence(),
            "somebody else's rule or route (ip rule, ip route) refuses the tunnel's "
            "packets to 10.2.0.12 and 1 more of its peers; remedy: remove it, or have the main "
            "table asked before it, for each peer: ip rule add pref 1 to 10.2.0.12 ipproto udp "
            "dport 4789 lookup main");
  facts.diversions = {{net("10.2.0.13/32"), 77}, {net("192.168.112.0/24"), 0}};
  told = planned(desired, desired, {}, facts).conflicts();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[0].message, HasSubstr("refuses packets to 192.168.112.0/24"));
  EXPECT_THAT(told[1].message, HasSubstr("overland's mark for its own and leads the tunnel's "
                                         "packets to 10.2.0.13 by table 77"));
}

TEST(TunnelPlan, WhatHasNoRouteIsToldByItsCause) {
  auto desired = tunnelled_desired();
  desired.neighbours.push_back(peer("10.2.0.13"));
  auto facts = running_docker();
  facts.diversions = {{net("10.2.0.12/32"), 0, ""}, {net("10.2.0.13/32"), 0, ""}};
  auto told = planned(desired, desired, {}, facts).conflicts();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(
      told[0].sentence(),
      "no route leads the tunnel's packets to 10.2.0.12 and 1 more of its peers; remedy: give "
      "this host a route there (ip route add 10.2.0.12 via GATEWAY), or a default route");
  facts.diversions = {{net("10.2.0.12/32"), 0, "vxlan.ovl"}, {net("10.2.0.13/32"), 0, "lo"}};
  told = planned(desired, desired, {}, facts).conflicts();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[0].message, HasSubstr("packets to 10.2.0.13 into lo"));
  EXPECT_THAT(told[1].message, HasSubstr("packets to 10.2.0.12 into vxlan.ovl"));
  EXPECT_EQ(told[1].remedy, "remove that route");
}

TEST(TunnelPlan, GoesFromTheTopDown) {
  auto plan = planned(tunnelled_desired(), {});
  std::erase_if(plan.steps, [](const Step& step) {
    return resource(step) == "route 192.168.200.0/24" || kind(step) == std::string("docker");
  });
  EXPECT_THAT(resources(plan.steps), ElementsAre("route 192.168.112.0/24", "neighbour 10.2.0.12",
                                                 "link vxlan.ovl", "firewall"));
}

/// With another number, and what the firewall asks for with it.
model::HostState with_vni(std::uint32_t vni) {
  auto state = tunnelled_desired();
  state.links[0].vxlan->vni = vni;
  state.firewall->tunnel->vni = vni;
  return state;
}

TEST(TunnelPlan, NeverOutlivesItsRule) {
  for (const bool prune : {true, false}) {
    const auto plan = planned(tunnelled_desired(), with_vni(112), {.prune = prune});
    EXPECT_THAT(resources(plan.steps),
                ElementsAre("link vxlan.ovl", "firewall", "link vxlan.ovl", "neighbour 10.2.0.12",
                            "route 192.168.112.0/24"));
    EXPECT_EQ(plan.steps[0], Step(LinkStep{tunnel(), std::nullopt}));
    EXPECT_EQ(plan.steps[2], Step(LinkStep{std::nullopt, tunnel(112)}));
    EXPECT_EQ(detail(plan.steps[3]), "by tunnel to 10.2.0.12");
    EXPECT_EQ(simulate(tunnelled_desired(), plan.steps), with_vni(112));
  }
  const auto gone = planned(tunnelled_desired(), two_hosts_desired());
  EXPECT_THAT(resources(gone.steps), ElementsAre("route 192.168.112.0/24", "neighbour 10.2.0.12",
                                                 "link vxlan.ovl", "firewall"));
}

TEST(TunnelPlan, WhatHasNoRuleIsNotHeld) {
  auto desired = with_vni(112);
  desired.links.clear();  // none can be made now
  const auto plan = planned(tunnelled_desired(), desired, {.prune = false});
  ASSERT_GE(plan.steps.size(), 2U);
  EXPECT_THAT(resources(plan.steps), ElementsAre("link vxlan.ovl", "firewall"));
  EXPECT_EQ(plan.steps[0], Step(LinkStep{tunnel(), std::nullopt}));
  desired = tunnelled_desired();
  desired.links.clear();
  EXPECT_THAT(planned(tunnelled_desired(), desired, {.prune = false}).steps, IsEmpty());
}

TEST(TunnelPlan, WhatIsHeldComesBackWithALinkMadeAnew) {
  auto actual = tunnelled_desired();
  actual.neighbours.push_back(peer("10.2.0.13"));
  actual.routes.push_back(tunnel_route("192.168.113.0/24", "10.2.0.13"));
  std::sort(actual.routes.begin(), actual.routes.end());
  auto plan = planned(actual, with_vni(112), {.prune = false});
  EXPECT_THAT(resources(plan.steps), Contains("neighbour 10.2.0.13"));
  EXPECT_THAT(resources(plan.steps), Contains("route 192.168.113.0/24"));
  plan = planned(actual, with_vni(112));
  EXPECT_THAT(resources(plan.steps), ElementsAre("route 192.168.113.0/24", "neighbour 10.2.0.13",
                                                 "link vxlan.ovl", "firewall", "link vxlan.ovl",
                                                 "neighbour 10.2.0.12", "route 192.168.112.0/24"));
}

TEST(TunnelPlan, StaysAsItIsWhileItsRuleCannotChange) {
  model::Observed unread{tunnelled_desired()};
  unread.firewall_unread = true;
  EXPECT_THAT(make_plan(unread, with_vni(112), running_docker(), {}).steps, IsEmpty());
}

TEST(TunnelPlan, WhatIsDamagedIsMadeRightAndStraysGo) {
  auto actual = tunnelled_desired();
  actual.links[0].vxlan->as_we_make_it = false;
  actual.neighbours = {{addr("10.2.0.12"), {}}, {addr("10.9.9.9"), {}}};
  const auto plan = planned(actual, tunnelled_desired());
  EXPECT_THAT(resources(plan.steps),
              ElementsAre("link vxlan.ovl", "neighbour 10.2.0.12", "neighbour 10.9.9.9"));
  EXPECT_THAT(detail_of(plan, "link vxlan.ovl"), HasSubstr("up, not as overland makes it -> "));
  EXPECT_EQ(detail_of(plan, "neighbour 10.2.0.12"),
            "damaged or incomplete -> by tunnel to 10.2.0.12");
  EXPECT_THAT(resources(planned(actual, tunnelled_desired(), {.prune = false}).held),
              ElementsAre("neighbour 10.9.9.9"));
}

TEST(TunnelPlan, NothingIsPutOnALinkOfTheNameThatIsNotOurs) {
  auto facts = running_docker();
  facts.links.push_back(link("vxlan.ovl", {}));
  const auto plan = planned(two_hosts_desired(), tunnelled_desired(), {}, facts);
  EXPECT_THAT(resources(plan.steps), ElementsAre("firewall"));
  ASSERT_EQ(plan.conflicts().size(), 1U);
  EXPECT_EQ(plan.conflicts()[0].sentence(),
            "a link of that name exists and is not our tunnel; remedy: remove it (ip link del "
            "vxlan.ovl), or rename it");
}

TEST(TunnelPlan, NothingIsTriedWithoutVxlanAndWhatStandsStays) {
  auto facts = running_docker();
  facts.no_vxlan = true;
  EXPECT_THAT(resources(planned(two_hosts_desired(), tunnelled_desired(), {}, facts).steps),
              ElementsAre("firewall"));
  auto actual = tunnelled_desired();
  actual.neighbours.clear();
  EXPECT_THAT(resources(planned(actual, tunnelled_desired(), {}, facts).steps),
              ElementsAre("neighbour 10.2.0.12"));
}

TEST(TunnelPlan, NoneIsMadeThatNoFirewallBindsAndWhatStandsIsRepaired) {
  model::Observed unread{two_hosts_desired()};
  unread.firewall_unread = true;
  EXPECT_THAT(make_plan(unread, tunnelled_desired(), running_docker(), {}).steps, IsEmpty());
  auto unbound = tunnelled_desired();
  unbound.firewall->tunnel.reset();
  EXPECT_THAT(resources(planned(two_hosts_desired(), unbound).steps), ElementsAre("firewall"));
  unread.state = tunnelled_desired();
  unread.state.routes.erase(unread.state.routes.begin());
  EXPECT_THAT(resources(make_plan(unread, tunnelled_desired(), running_docker(), {}).steps),
              ElementsAre("route 192.168.112.0/24"));
}

TEST(TunnelPlan, ItsNextHopsNeedNotBeOnLink) {
  auto facts = running_docker();
  facts.unreachable = {addr("10.2.0.12")};
  EXPECT_THAT(resources(planned(two_hosts_desired(), tunnelled_desired(), {}, facts).steps),
              Contains("route 192.168.112.0/24"));
}

TEST(TunnelPlan, WhileNothingIsPrunedSendersStayBound) {
  const Options keeps{.prune = false};
  const auto gone = planned(tunnelled_desired(), two_hosts_desired(), keeps);
  EXPECT_THAT(resources(gone.steps), Not(Contains("firewall")));
  auto other = tunnelled_desired();
  other.firewall->tunnel->senders = {{addr("10.2.0.12"), {net("192.168.113.0/24")}},
                                     {addr("10.3.0.14"), {net("192.168.114.0/24")}}};
  const auto plan = planned(tunnelled_desired(), other, keeps);
  const auto after = simulate(tunnelled_desired(), plan.steps);
  EXPECT_THAT(after.firewall->tunnel->senders,
              ElementsAre(model::Tunnel::Sender{addr("10.2.0.12"), {net("192.168.112.0/23")}},
                          model::Tunnel::Sender{addr("10.3.0.14"), {net("192.168.114.0/24")}}));
}

TEST(TunnelPlan, NothingIsLeftToDoOnceItStands) {
  EXPECT_THAT(planned(tunnelled_desired(), tunnelled_desired()).steps, IsEmpty());
}

}  // namespace
}  // namespace overland::plan
