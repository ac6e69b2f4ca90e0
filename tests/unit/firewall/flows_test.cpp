// Which flows end with the trust that let them through.

#include "firewall/flows.h"

#include <gmock/gmock.h>

#include "unit/firewall/fake_parts.h"
#include "unit/states.h"

namespace overland::firewall {
namespace {

using testing::ElementsAre;
using tests::addr;
using tests::net;

Flow direct(const char* from, const char* to) {
  return {addr(from), addr(to), addr(to), addr(from)};
}

class LosesAPeer : public ::testing::Test {
 protected:
  LosesAPeer() {
    before_ = tests::two_hosts_policy();
    before_.peer_subnets = {net("192.168.200.0/24"), net("192.168.202.0/24")};
    before_.peer_hosts = {net("10.0.0.201/32"), net("10.0.0.202/32")};
    after_ = before_;
    after_.peer_subnets.pop_back();
    after_.peer_hosts.pop_back();
  }
  bool hangs(const Flow& flow) const {
    return hangs_on(lost_trust(before_, after_), flow, {addr("10.0.0.200"), addr("192.168.100.1")});
  }

  model::FirewallPolicy before_, after_;
};

TEST_F(LosesAPeer, ItsFlowsEndInBothDirections) {
  EXPECT_TRUE(hangs(direct("192.168.202.7", "192.168.100.2")));
  EXPECT_TRUE(hangs(direct("192.168.100.2", "192.168.202.7")));
  EXPECT_TRUE(hangs(direct("10.0.0.202", "192.168.100.2")));
}

TEST_F(LosesAPeer, OthersGoOn) {
  EXPECT_FALSE(hangs(direct("192.168.200.7", "192.168.100.2")));
  EXPECT_FALSE(hangs(direct("192.168.100.2", "10.0.0.201")));
  EXPECT_FALSE(hangs(direct("192.168.100.2", "198.51.100.1")));
  EXPECT_FALSE(hangs(direct("192.168.203.1", "192.168.100.2")));
  EXPECT_FALSE(hangs(direct("172.30.0.2", "172.30.0.3")));
}

TEST_F(LosesAPeer, WhatThisHostItselfTalksWithItGoesOn) {
  EXPECT_FALSE(hangs(direct("10.0.0.200", "10.0.0.202")));
  EXPECT_FALSE(hangs(direct("192.168.202.7", "192.168.100.1")));
}

TEST_F(LosesAPeer, TranslatedFlowsAreNotOurs) {
  // A published port, and a masqueraded flow.
  EXPECT_FALSE(
      hangs({addr("10.0.0.202"), addr("10.0.0.200"), addr("192.168.100.2"), addr("10.0.0.202")}));
  EXPECT_FALSE(
      hangs({addr("192.168.100.2"), addr("10.0.0.202"), addr("10.0.0.202"), addr("10.0.0.200")}));
}

TEST_F(LosesAPeer, OneThatIsTrustedOtherwiseGoesOn) {
  after_.peer_hosts.push_back(net("192.168.202.0/24"));
  EXPECT_FALSE(hangs(direct("192.168.202.7", "192.168.100.2")));
}

TEST(LostTrustOf, IsThereOnlyWhereSomethingIsGone) {
  model::FirewallPolicy from;
  from.peer_hosts = {net("10.0.0.0/24"), net("10.0.2.0/24")};
  model::FirewallPolicy to = from;
  EXPECT_FALSE(lost_trust(from, to).any);
  to.peer_hosts = {net("10.0.0.0/22")};
  EXPECT_FALSE(lost_trust(from, to).any);
  to.peer_hosts = {net("10.0.0.0/24"), net("10.0.2.0/25")};
  EXPECT_TRUE(lost_trust(from, to).any);
  to = from;
  from.transit = {net("10.3.0.0/24")};
  EXPECT_TRUE(lost_trust(from, to).any);
}

TEST(LostTransit, EndsWhatPassesARouterAndNotWhatEndsThere) {
  model::FirewallPolicy from;
  from.transit = {net("10.0.0.0/24"), net("192.168.200.0/24"), net("192.168.202.0/24")};
  model::FirewallPolicy to = from;
  to.transit = {net("192.168.200.0/24")};
  const LostTrust lost = lost_trust(from, to);
  const std::set<model::Address> own = {addr("10.0.0.1")};
  EXPECT_TRUE(hangs_on(lost, direct("192.168.202.7", "192.168.200.7"), own));
  EXPECT_TRUE(hangs_on(lost, direct("192.168.200.7", "192.168.202.7"), own));
  EXPECT_FALSE(hangs_on(lost, direct("192.168.202.7", "198.51.100.1"), own));
  EXPECT_FALSE(hangs_on(lost, direct("10.0.0.7", "10.0.0.1"), own));
}

TEST(ClosedSince, FlowsWithAllButItsNamesakesEnd) {
  model::FirewallPolicy from;
  from.local = {net("192.168.100.0/24"), net("192.168.110.0/24")};
  from.peer_subnets = {net("192.168.111.0/24"), net("192.168.200.0/24")};
  model::FirewallPolicy to = from;
  to.local = {net("192.168.100.0/24")};
  to.peer_subnets = {net("192.168.200.0/24")};
  to.closed = {{"br-app", {net("192.168.110.0/24")}, {net("192.168.111.0/24")}}};
  const LostTrust lost = lost_trust(from, to);
  EXPECT_TRUE(lost.any);
  EXPECT_TRUE(hangs_on(lost, direct("192.168.110.2", "192.168.200.2"), {}));
  EXPECT_TRUE(hangs_on(lost, direct("192.168.200.2", "192.168.110.2"), {}));
  EXPECT_TRUE(hangs_on(lost, direct("192.168.100.2", "192.168.111.2"), {})) << "closed there";
  EXPECT_FALSE(hangs_on(lost, direct("192.168.110.2", "192.168.111.2"), {})) << "namesakes";
  EXPECT_FALSE(hangs_on(lost, direct("192.168.100.2", "192.168.200.2"), {}));
  EXPECT_FALSE(lost_trust(to, to).any);
  EXPECT_FALSE(lost_trust(to, from).any);
}

TEST(JoinedNoMore, TheirFlowsEnd) {
  model::FirewallPolicy from;
  from.local = {net("192.168.100.0/24"), net("192.168.110.0/24")};
  from.joins = {{{"br-app", {net("192.168.110.0/24")}}, {"docker0", {net("192.168.100.0/24")}}}};
  model::FirewallPolicy to = from;
  to.joins.clear();
  const LostTrust lost = lost_trust(from, to);
  EXPECT_TRUE(lost.any);
  EXPECT_TRUE(hangs_on(lost, direct("192.168.110.2", "192.168.100.2"), {}));
  EXPECT_TRUE(hangs_on(lost, direct("192.168.100.2", "192.168.110.2"), {}));
  EXPECT_FALSE(hangs_on(lost, direct("192.168.100.2", "192.168.100.3"), {}));
}

class LostTrustTest : public HostFirewallTest {
 protected:
  static FirewallPolicy trusting(std::initializer_list<const char*> peers) {
    FirewallPolicy result = policy(FirewallVariant::kNft);
    for (const char* peer : peers) result.peer_subnets.push_back(*model::Prefix::parse(peer));
    return result;
  }
};

TEST_F(LostTrustTest, FlowsAreCutOnceTheNewRulesStand) {
  firewall_.apply({trusting({"10.1.0.0/24", "10.2.0.0/24"}), trusting({"10.1.0.0/24"})});
  EXPECT_THAT(done_, ElementsAre("write table", "put nft", "remove legacy", "cut flows"));
}

TEST_F(LostTrustTest, NothingIsCutWhereNobodyIsRemoved) {
  firewall_.apply({{}, trusting({"10.1.0.0/24"})});
  firewall_.apply({trusting({"10.1.0.0/24"}), trusting({"10.0.0.0/15"})});
  firewall_.apply({trusting({"10.0.0.0/15"}), std::nullopt});
  EXPECT_THAT(done_, testing::Not(testing::Contains("cut flows")));
}

TEST_F(LostTrustTest, WhatWasNotCutIsADefectUntilALaterRunCutsIt) {
  flows_fault_ = base::Error(base::ErrorKind::kFailure, "too many flows");
  const auto after = trusting({"10.1.0.0/24"});
  firewall_.apply({trusting({"10.1.0.0/24", "10.2.0.0/24"}), after});
  EXPECT_THAT(table_->left.subnets, ElementsAre(net("10.2.0.0/24")));
  EXPECT_THAT(firewall_.read(after)->defects,
              ElementsAre("flows of what is no longer trusted were not ended"));
  flows_fault_.reset();
  done_.clear();
  firewall_.apply({after, after});
  EXPECT_THAT(done_, testing::Contains("cut flows"));
  EXPECT_THAT(firewall_.read(after)->defects, testing::IsEmpty());
  done_.clear();
  firewall_.apply({after, after});
  EXPECT_THAT(done_, testing::Not(testing::Contains("cut flows")));
}

TEST_F(LostTrustTest, APeerThatIsTrustedAgainKeepsItsFlows) {
  table_->left.subnets = {net("10.2.0.0/24")};
  firewall_.apply({trusting({"10.1.0.0/24"}), trusting({"10.1.0.0/24", "10.2.0.0/24"})});
  EXPECT_THAT(done_, testing::Not(testing::Contains("cut flows")));
  EXPECT_TRUE(table_->left.none());
}

TEST_F(LostTrustTest, AFailureFailsNothingAndIsTold) {
  flows_fault_ = base::Error(base::ErrorKind::kUnsupported, "no ctnetlink");
  firewall_.apply({trusting({"10.1.0.0/24"}), trusting({})});
  const auto told = [&] {
    std::vector<std::string> result;
    for (const auto& one : firewall_.droppers(trusting({}))) result.push_back(one.message);
    return result;
  };
  EXPECT_THAT(told(), testing::Contains(testing::EndsWith("may go on: no ctnetlink")));
  EXPECT_TRUE(table_->left.none()) << "this kernel never can";
  flows_fault_.reset();
  firewall_.apply({trusting({"10.1.0.0/24"}), trusting({})});
  EXPECT_THAT(told(), testing::Not(testing::Contains(testing::HasSubstr("may go on"))));
}

}  // namespace
}  // namespace overland::firewall
