// Links that others have made where ours shall be, or on which our networks are to be.

#include "unit/plan/network_plan.h"

namespace overland {
namespace {

using namespace tests;

class ForeignVlan : public PlanNetwork {
 protected:
  ForeignVlan() {
    desired.links = {vlan("eth1", 10, "172.16.10.9/24")};
    facts.links.push_back(link("eth1.10", {}));
  }
  model::Finding told() const {
    const auto plan = planned();
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(plan.conflicts().size(), 1U);
    return plan.conflicts().at(0);
  }
};

TEST_F(ForeignVlan, IsNamed) {
  EXPECT_EQ(told().message, "a link of that name exists and is not our VLAN 10 on eth1");
}

TEST_F(ForeignVlan, ThatDockerMayHaveMadeIsNamedWithTheNetworkOnIt) {
  auto other = foreign_network("byhand", "10.9.0.0/24");
  other.parent = "eth1.20";
  facts.docker.networks = {other};
  EXPECT_EQ(told().message.find("byhand"), std::string::npos);
  facts.docker.networks[0].parent = "eth1.10";
  EXPECT_NE(told().message.find("network byhand is on it: where Docker made it"),
            std::string::npos);
  EXPECT_NE(told().remedy.find("off it, docker network rm byhand"), std::string::npos);
  facts.docker.networks[0].ours = macvlan("byhand", "10.9.0.0/24", "eth1.10");
  EXPECT_NE(told().remedy.find("stop its containers, docker network rm byhand"), std::string::npos);
}

TEST_F(PlanNetwork, OnALinkThatDockerMadeForAnotherIsTold) {
  desired.networks = {macvlan("wire", "172.30.9.0/24", "dm-0123456789ab")};
  auto other = foreign_network("alone", "10.9.0.0/24");
  other.id = "0123456789abcdef";
  other.parent = "dm-ba9876543210";
  facts.docker.networks = {other};
  EXPECT_TRUE(planned().conflicts().empty());
  facts.docker.networks[0].parent = "dm-0123456789ab";
  ASSERT_EQ(planned().conflicts().size(), 1U);
  EXPECT_EQ(planned().conflicts()[0].message,
            "its parent, link dm-0123456789ab, is Docker's own for network alone, leads nowhere, "
            "and goes with it");
}

}  // namespace
}  // namespace overland
