// What peers may bring by the tunnel, while removals are held and when they are not.

#include <gmock/gmock.h>

#include "plan/describe.h"
#include "plan/plan.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using plan::FirewallStep;
using plan::make_plan;
using plan::Options;
using plan::Plan;
using testing::HasSubstr;

class PlanTunnelSenders : public ::testing::Test {
 protected:
  PlanTunnelSenders() {
    desired = two_hosts_desired();
    desired.firewall->tunnel = model::Tunnel{"vxlan.ovl",
                                             111,
                                             4789,
                                             {{addr("10.2.0.12"), {net("192.168.200.0/24")}},
                                              {addr("10.2.0.13"), {net("192.168.210.0/24")}}}};
    actual.state = desired;
  }

  const model::Tunnel* planned(bool prune = false) {
    Options options;
    options.prune = prune;
    plan_ = make_plan(actual, desired, running_docker(), options);
    for (const auto& step : plan_.steps) {
      const auto* firewall = std::get_if<FirewallStep>(&step);
      if (firewall != nullptr && firewall->to->tunnel) return &*firewall->to->tunnel;
    }
    return nullptr;
  }

  model::Observed actual;
  model::HostState desired;
  Plan plan_;
};

TEST_F(PlanTunnelSenders, APeerThatIsGoneIsBelievedUntilPruned) {
  auto& senders = desired.firewall->tunnel->senders;
  senders[0].inner = {net("192.168.201.0/24")};
  senders.pop_back();
  const auto* tunnel = planned();
  ASSERT_NE(tunnel, nullptr);
  ASSERT_EQ(tunnel->senders.size(), 2U);
  EXPECT_EQ(tunnel->senders[0].inner, std::vector{net("192.168.200.0/23")});
  EXPECT_EQ(tunnel->senders[1], actual.state.firewall->tunnel->senders[1]);
  tunnel = planned(true);
  ASSERT_NE(tunnel, nullptr);
  EXPECT_EQ(tunnel->senders, senders);
}

TEST_F(PlanTunnelSenders, TheRulesStayWithTheLink) {
  desired.firewall->tunnel.reset();
  EXPECT_EQ(planned(), nullptr);
  for (const auto& step : plan_.steps) EXPECT_FALSE(std::holds_alternative<FirewallStep>(step));
  EXPECT_FALSE(plan_.held.empty());
  planned(true);
  bool gone = false;
  for (const auto& step : plan_.steps) {
    const auto* firewall = std::get_if<FirewallStep>(&step);
    gone = gone || (firewall != nullptr && !firewall->to->tunnel);
  }
  EXPECT_TRUE(gone);
}

TEST_F(PlanTunnelSenders, AChangeIsSaid) {
  desired.firewall->tunnel->vni = 112;
  desired.firewall->tunnel->senders.push_back({addr("10.2.0.14"), {net("192.168.220.0/24")}});
  ASSERT_NE(planned(), nullptr);
  const std::string text = plan::detail(plan_.steps.front());
  EXPECT_THAT(text, HasSubstr("tunnel: VXLAN 112 on UDP port 4789"));
  EXPECT_THAT(text, HasSubstr("senders +10.2.0.14/32"));
}

}  // namespace
}  // namespace overland
