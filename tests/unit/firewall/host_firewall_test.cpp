// In which order table and anchors are written and removed, and what is made of what is read.

#include <gmock/gmock.h>

#include "unit/firewall/fake_parts.h"

namespace overland::firewall {
namespace {

using model::FirewallGuard;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(HostFirewallTest, WritesTheTableFirstThenTheAnchorsThenClearsTheOthers) {
  write(FirewallVariant::kLegacy);
  EXPECT_THAT(done_, ElementsAre("write table", "put legacy", "remove nft"));
  done_.clear();
  write(FirewallVariant::kNft);
  EXPECT_THAT(done_, ElementsAre("write table", "put nft", "remove legacy"));
}

TEST_F(HostFirewallTest, AcceptsBothMarksWhileTheMarkChanges) {
  FirewallPolicy from = policy(FirewallVariant::kNft);
  from.mark = 0x40;
  FirewallPolicy to = from;
  to.mark = 0x80;
  firewall_.apply({from, to});
  EXPECT_THAT(done_, ElementsAre("put nft, both marks", "write table", "put nft", "remove legacy"));
}

// Between the two everything that carries the mark would be let in to the host itself.
TEST_F(HostFirewallTest, PutsTheAnchorAtInputBehindTheTableAndTakesItAwayBefore) {
  const FirewallPolicy plain = policy(FirewallVariant::kNft);
  FirewallPolicy tunnelled = plain;
  tunnelled.tunnel.emplace();
  firewall_.apply({plain, tunnelled});
  EXPECT_THAT(done_, ElementsAre("write table", "put nft with INPUT", "remove legacy"));
  done_.clear();
  firewall_.apply({tunnelled, plain});
  EXPECT_THAT(done_, ElementsAre("put nft", "write table", "put nft", "remove legacy"));
  done_.clear();
  FirewallPolicy marked = plain;
  tunnelled.mark = 0x40;
  marked.mark = 0x80;
  firewall_.apply({tunnelled, marked});
  EXPECT_THAT(done_, ElementsAre("put nft, both marks", "write table", "put nft", "remove legacy"));
}

TEST_F(HostFirewallTest, AnchorsInBothVariantsWhileDockersRulesStandInBoth) {
  nft_->docker = legacy_->docker = true;
  static_cast<void>(firewall_.facts({}));
  write(FirewallVariant::kLegacy);
  EXPECT_THAT(done_, ElementsAre("write table", "put legacy", "put nft"));
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects, IsEmpty());
  nft_->there = false;
  const auto found = firewall_.read(policy(FirewallVariant::kLegacy));
  EXPECT_THAT(found->defects, ElementsAre("nft jump is missing"));
  EXPECT_EQ(found->policy.variant, FirewallVariant::kLegacy);
  nft_->docker = false;
  static_cast<void>(firewall_.facts({}));
  done_.clear();
  write(FirewallVariant::kLegacy);
  EXPECT_THAT(done_, ElementsAre("write table", "put legacy", "remove nft"));
}

TEST_F(HostFirewallTest, SeesThatTheTableOfARunningDockerIsGone) {
  model::DockerFacts docker;
  docker.running = true;
  docker.firewall_backend = "nftables";
  EXPECT_TRUE(firewall_.facts(docker).docker_tables_gone);
  docker.running = false;
  EXPECT_FALSE(firewall_.facts(docker).docker_tables_gone);
}

TEST_F(HostFirewallTest, RemovesTheTableLast) {
  firewall_.apply({policy(FirewallVariant::kLegacy), std::nullopt});
  EXPECT_THAT(done_, ElementsAre("remove legacy", "remove nft", "remove table"));
}

TEST_F(HostFirewallTest, KeepsTheTableWhileItsAnchorsCannotBeRemoved) {
  legacy_->fault = base::Error(base::ErrorKind::kLocked, "held");
  EXPECT_THROW(firewall_.apply({policy(FirewallVariant::kLegacy), std::nullopt}), base::Error);
  EXPECT_THAT(done_, ElementsAre("remove nft"));
}

TEST_F(HostFirewallTest, RemovesTheRestWhereTheOtherVariantFails) {
  legacy_->fault = base::Error(base::ErrorKind::kFailure, "broken");
  EXPECT_THROW(firewall_.apply({policy(FirewallVariant::kNft), std::nullopt}), base::Error);
  EXPECT_THAT(done_, ElementsAre("remove nft", "remove table"));
}

TEST_F(HostFirewallTest, RemovesTheTableWhereSomebodyUsesAnOldSet) {
  legacy_->sets_fault = base::Error(base::ErrorKind::kFailure, "a foreign rule uses it");
  EXPECT_THROW(firewall_.apply({policy(FirewallVariant::kLegacy), std::nullopt}), base::Error);
  EXPECT_THAT(done_, ElementsAre("remove legacy", "remove nft", "remove table"));
}

TEST_F(HostFirewallTest, WritesNoAnchorWithoutTheTable) {
  table_->fault = base::Error(base::ErrorKind::kUnsupported, "the kernel has no nf_tables");
  EXPECT_THROW(write(FirewallVariant::kLegacy), base::Error);
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(HostFirewallTest, CallsRemnantsOfTheOtherVariantADefect) {
  write(FirewallVariant::kNft);
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  legacy_->there = true;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects,
              ElementsAre("rules of ours are left in the legacy tables"));
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects,
              ElementsAre("rules of ours are left in the nf_tables variant"));
}

TEST_F(HostFirewallTest, TheVariantInForceIsWhereAnchorsStand) {
  write(FirewallVariant::kLegacy);
  const auto found = firewall_.read(policy(FirewallVariant::kNft));
  EXPECT_EQ(found->policy.variant, FirewallVariant::kLegacy);
  EXPECT_THAT(found->defects, IsEmpty());
  legacy_->there = false;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects,
              ElementsAre("nft jump is missing"));
}

TEST_F(HostFirewallTest, AnchorsWithoutATableAreNoPolicy) {
  EXPECT_FALSE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  legacy_->there = true;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects,
              ElementsAre("table ip overland is missing"));
}

FirewallPolicy closed(FirewallPolicy policy) {
  policy.guard = FirewallGuard::kForwardPolicy;
  return policy;
}

TEST_F(HostFirewallTest, SetsThePolicyOnceTheAnchorsStandAndRemembersItBefore) {
  firewall_.apply({{}, closed(policy(FirewallVariant::kLegacy))});
  EXPECT_THAT(done_,
              ElementsAre("write table", "put legacy", "remove nft", "remember", "legacy drops"));
  const auto found = firewall_.read(closed(policy(FirewallVariant::kLegacy)));
  EXPECT_EQ(found->policy.guard, FirewallGuard::kForwardPolicy);
  EXPECT_THAT(found->defects, IsEmpty());
}

TEST_F(HostFirewallTest, LiftsThePolicyBeforeTheAnchorsGo) {
  firewall_.apply({{}, closed(policy(FirewallVariant::kNft))});
  const auto found = firewall_.read(policy(FirewallVariant::kNft));
  EXPECT_EQ(found->policy.guard, FirewallGuard::kForwardPolicy) << "to be taken away";
  done_.clear();
  firewall_.apply({found->policy, std::nullopt});
  EXPECT_THAT(done_,
              ElementsAre("nft accepts", "forget", "remove nft", "remove legacy", "remove table"));
}

TEST_F(HostFirewallTest, LeavesAPolicyThatItShallLeave) {
  firewall_.apply({{}, closed(policy(FirewallVariant::kNft))});
  firewall_.apply({policy(FirewallVariant::kNft), std::nullopt});
  EXPECT_TRUE(nft_->drops);
}

TEST_F(HostFirewallTest, LeavesADropAloneThatWasThereBefore) {
  nft_->drops = true;
  write(FirewallVariant::kNft);
  EXPECT_EQ(firewall_.read(policy(FirewallVariant::kNft))->policy.guard, FirewallGuard::kNone);
  firewall_.apply({{}, closed(policy(FirewallVariant::kNft))});
  EXPECT_EQ(firewall_.read(closed(policy(FirewallVariant::kNft)))->policy.guard,
            FirewallGuard::kForwardPolicy);
  firewall_.apply({closed(policy(FirewallVariant::kNft)), std::nullopt});
  EXPECT_TRUE(nft_->drops);
}

TEST_F(HostFirewallTest, CallsAPolicySomebodyOpenedADefect) {
  firewall_.apply({{}, closed(policy(FirewallVariant::kNft))});
  nft_->drops = false;
  const auto wanted = closed(policy(FirewallVariant::kNft));
  EXPECT_EQ(firewall_.read(wanted)->policy, wanted);
  EXPECT_EQ(firewall_.read(wanted)->defects.size(), 1U);
  firewall_.apply({wanted, wanted});
  EXPECT_TRUE(nft_->drops);
}

TEST_F(HostFirewallTest, TakesThePolicyAlongToTheOtherVariant) {
  firewall_.apply({{}, closed(policy(FirewallVariant::kNft))});
  const auto wanted = closed(policy(FirewallVariant::kLegacy));
  EXPECT_THAT(firewall_.read(wanted)->defects,
              testing::Contains("a policy DROP of ours is left in FORWARD of the other variant"));
  firewall_.apply({closed(policy(FirewallVariant::kNft)), wanted});
  EXPECT_FALSE(nft_->drops);
  EXPECT_TRUE(legacy_->drops);
}

TEST_F(HostFirewallTest, LivesWithoutAVariantTheKernelLacks) {
  legacy_->fault = base::Error(base::ErrorKind::kUnsupported, "no legacy tables");
  write(FirewallVariant::kNft);
  EXPECT_TRUE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  EXPECT_THROW(write(FirewallVariant::kLegacy), base::Error);
}

TEST_F(HostFirewallTest, LivesWithoutAnotherVariantThatCannotBeRead) {
  legacy_->fault = base::Error(base::ErrorKind::kFailure, "legacy table filter: junk");
  write(FirewallVariant::kNft);
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  EXPECT_THROW(firewall_.read(policy(FirewallVariant::kLegacy)), base::Error);
}

}  // namespace
}  // namespace overland::firewall
