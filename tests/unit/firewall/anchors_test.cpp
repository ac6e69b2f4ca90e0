// Where our jumps have to stand among the rules of others, and what is said where they do not.

#include "firewall/anchors.h"

#include <gmock/gmock.h>

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Rules = std::vector<AnchorRule>;

const AnchorRule kOurs = {"OVERLAND-FORWARD", true, false, false};
const AnchorRule kOursBesideDocker = {"OVERLAND-USER", true, false, false};
const AnchorRule kToDockerUser = {"DOCKER-USER", true, false, false};
const AnchorRule kSomeToDockerUser = {"DOCKER-USER", false, false, false};
const AnchorRule kDocker = {"DOCKER-FORWARD", true, false, false};
const AnchorRule kDrop = {"", false, false, false};
const AnchorRule kReturn = {"", true, false, true};

TEST(AnchorInForward, StandsFirstWhereNothingLeadsToDockerUser) {
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kOurs, kDrop}), "");
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kDrop, kOurs}),
            "the jump to OVERLAND-FORWARD is not the first rule of filter FORWARD");
  EXPECT_EQ(place_of(kForwardSpot, Rules{kDrop, kOurs}), 0U);
}

TEST(AnchorInForward, StandsDirectlyBelowTheJumpToDockerUser) {
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kToDockerUser, kOurs, kDocker}), "");
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kDrop, kToDockerUser, kOurs}), "");
  const Rules wrong[] = {{kOurs, kToDockerUser, kDocker},
                         {kToDockerUser, kDocker, kOurs},
                         {kDrop, kOurs, kToDockerUser}};
  for (const Rules& rules : wrong) {
    EXPECT_THAT(jump_fault(kForwardSpot, rules),
                HasSubstr("is not directly below the one to DOCKER-USER in filter FORWARD"));
  }
  EXPECT_EQ(place_of(kForwardSpot, wrong[0]), 1U);
  EXPECT_EQ(place_of(kForwardSpot, wrong[1]), 1U);
  EXPECT_EQ(place_of(kForwardSpot, wrong[2]), 2U);
  EXPECT_EQ(place_of(kForwardSpot, Rules{kDrop, kToDockerUser}), 2U);
}

TEST(AnchorInForward, OfSeveralJumpsToDockerUserTheFirstWithoutAConditionCounts) {
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kToDockerUser, kOurs, kToDockerUser}), "");
  EXPECT_EQ(place_of(kForwardSpot, Rules{kSomeToDockerUser, kDrop, kToDockerUser, kDrop}), 3U);
  EXPECT_EQ(place_of(kForwardSpot, Rules{kSomeToDockerUser, kSomeToDockerUser, kDrop}), 2U)
      << "each has a condition: the last of them";
}

TEST(AnchorInForward, NeverGoesBelowWhatDropsAll) {
  const AnchorRule all = {"", true, false, false, true};
  EXPECT_EQ(place_of(kForwardSpot, Rules{kOurs, kDocker, kToDockerUser}), 0U);
  EXPECT_EQ(place_of(kForwardSpot, Rules{kOurs, all, kSomeToDockerUser}), 0U);
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kOurs, kDocker, kToDockerUser}), "");
  EXPECT_EQ(jump_fault(kForwardSpot, Rules{kOurs, all, kToDockerUser}), "");
  EXPECT_EQ(place_of(kForwardSpot, Rules{kSomeToDockerUser, all, kToDockerUser}), 1U);
}

TEST(AnchorInDockerUser, IsPutFirstAndStaysBelowWhatAUserPutAboveIt) {
  EXPECT_EQ(place_of(kDockerUserSpot, Rules{kDrop, kReturn}), 0U);
  EXPECT_EQ(jump_fault(kDockerUserSpot, Rules{kOurs, kDrop, kReturn}), "");
  EXPECT_EQ(jump_fault(kDockerUserSpot, Rules{kDrop, kDrop, kOurs, kReturn}), "");
}

TEST(AnchorInDockerUser, HasToBeReached) {
  const Rules rules = {kDrop, kReturn, kDrop, kOurs};
  EXPECT_EQ(jump_fault(kDockerUserSpot, rules),
            "the jump to OVERLAND-FORWARD is not reached in filter DOCKER-USER");
  EXPECT_EQ(place_of(kDockerUserSpot, rules), 1U) << "not above the user's DROP";
}

TEST(AnchorInRaw, StandsFirst) {
  const AnchorRule ours = {"OVERLAND-RAW", true, false, false};
  EXPECT_EQ(jump_fault(kPreroutingSpot, Rules{ours, kDrop}), "");
  EXPECT_EQ(jump_fault(kPreroutingSpot, Rules{kDrop, ours}),
            "the jump to OVERLAND-RAW is not the first rule of raw PREROUTING");
}

TEST(Anchor, IsOneJumpWithoutAConditionThatComesBack) {
  AnchorRule some = kOurs;
  some.plain = false;
  AnchorRule gone = kOurs;
  gone.goes = true;
  EXPECT_THAT(jump_fault(kForwardSpot, Rules{}), HasSubstr("is missing"));
  EXPECT_THAT(jump_fault(kForwardSpot, Rules{kOurs, kOurs}), HasSubstr("more than once"));
  EXPECT_THAT(jump_fault(kForwardSpot, Rules{some}), HasSubstr("has a condition"));
  EXPECT_THAT(jump_fault(kForwardSpot, Rules{gone}), HasSubstr("never comes back"));
  EXPECT_THAT(jump_fault(kForwardSpot, Rules{{"OVERLAND-RAW", true, false, false}}),
              "filter FORWARD jumps to OVERLAND-RAW");
}

/// As all stands beside Docker.
AnchorsSeen standing() {
  AnchorsSeen seen;
  seen.rules = {Rules{kOurs}, Rules{kToDockerUser, kOursBesideDocker},
                Rules{{"OVERLAND-RAW", true}}};
  seen.chains = {{"OVERLAND-FORWARD", ""}, {"OVERLAND-RAW", ""}, {"OVERLAND-USER", ""}};
  return seen;
}

TEST(JudgedAnchors, HaveNoDefectWhereAllStand) {
  const AnchorsFound found = judge(standing(), FirewallAnchor::kDockerUser, "table ip ");
  EXPECT_TRUE(found.any);
  EXPECT_EQ(found.anchor, FirewallAnchor::kDockerUser);
  EXPECT_THAT(found.defects, IsEmpty());
}

TEST(JudgedAnchors, MayBePushedDownByDockerWhileDockerUserIsReachedAndAccepts) {
  const auto defects = [](const AnchorsSeen& seen) {
    return judge(seen, FirewallAnchor::kDockerUser, "table ip ").defects;
  };
  AnchorsSeen seen = standing();
  seen.rules[1] = {kToDockerUser, kDocker, kDrop, kOursBesideDocker};
  EXPECT_THAT(defects(seen), IsEmpty());
  seen.rules[1] = {kSomeToDockerUser, kDocker, kOursBesideDocker};
  EXPECT_THAT(defects(seen), ElementsAre(HasSubstr("not directly below")));
  seen.rules[1] = {kOursBesideDocker, kToDockerUser};
  EXPECT_THAT(defects(seen), ElementsAre(HasSubstr("not directly below"))) << "a DROP there first";
  seen.rules[1] = {kToDockerUser, kDocker, kOursBesideDocker, kOursBesideDocker};
  EXPECT_THAT(defects(seen), ElementsAre(HasSubstr("more than once")));
  seen.rules[0] = {kReturn, kOurs};
  seen.rules[1] = {kToDockerUser, kDocker, kOursBesideDocker};
  EXPECT_THAT(defects(seen),
              ElementsAre(HasSubstr("not reached"), HasSubstr("not directly below")));
}

TEST(JudgedAnchors, NameTheJumpThatIsMissingBesideDocker) {
  AnchorsSeen seen = standing();
  seen.rules[0].clear();
  AnchorsFound found = judge(seen, FirewallAnchor::kDockerUser, "table ip ");
  EXPECT_EQ(found.anchor, FirewallAnchor::kDockerUser);
  EXPECT_THAT(found.defects, ElementsAre("the jump from filter DOCKER-USER to OVERLAND-FORWARD is "
                                         "missing"));
  seen.rules[1] = {kOurs};
  seen.chains.erase("OVERLAND-USER");
  found = judge(seen, FirewallAnchor::kForward, "table ip ");
  EXPECT_EQ(found.anchor, FirewallAnchor::kForward);
  EXPECT_THAT(found.defects, IsEmpty());
}

TEST(JudgedAnchors, OfAVersionThatDidNotLeadToDockerUserAreADefect) {
  AnchorsSeen seen = standing();
  seen.rules[1] = {kToDockerUser, kOurs};
  seen.chains.erase("OVERLAND-USER");
  EXPECT_THAT(judge(seen, FirewallAnchor::kDockerUser, "table ip ").defects,
              ElementsAre("chain OVERLAND-USER of table ip filter is missing",
                          "filter FORWARD jumps to OVERLAND-FORWARD"));
}

TEST(OwnChains, LeadToDockerUserBeforeTheyAcceptBesideDocker) {
  const std::vector<MarkRule> accepts = {{0x40}, {0x80}};
  EXPECT_EQ(rules_of("OVERLAND-FORWARD", {0x40, 0x80}), accepts);
  EXPECT_EQ(rules_of("OVERLAND-RAW", {0x40, 0x80}), accepts);
  EXPECT_THAT(rules_of("OVERLAND-USER", {0x40}),
              ElementsAre(MarkRule{0x40, "DOCKER-USER"}, MarkRule{0x40}));
}

TEST(JudgedAnchors, ThatStandBesideDockerAreShownWhereDockerIsGone) {
  const AnchorsFound found = judge(standing(), FirewallAnchor::kForward, "table ip ");
  EXPECT_EQ(found.anchor, FirewallAnchor::kDockerUser);
  EXPECT_THAT(found.defects, IsEmpty());
}

TEST(JudgedAnchors, NameChainsThatAreMissingWrongOrOfNoUse) {
  AnchorsSeen seen = standing();
  seen.chains["OVERLAND-FORWARD"] = "holds other rules than ours";
  seen.chains.erase("OVERLAND-RAW");
  seen.others = {"raw OUTPUT jumps to OVERLAND-RAW, where it is of no use"};
  EXPECT_THAT(
      judge(seen, FirewallAnchor::kDockerUser, "legacy table ").defects,
      ElementsAre("chain OVERLAND-FORWARD of legacy table filter holds other rules than ours",
                  "chain OVERLAND-RAW of legacy table raw is missing",
                  "raw OUTPUT jumps to OVERLAND-RAW, where it is of no use"));
  AnchorsSeen left;
  left.chains = {{"OVERLAND-RAW", ""}};
  const AnchorsFound found = judge(left, FirewallAnchor::kDockerNft, "table ip ");
  EXPECT_TRUE(found.any);
  EXPECT_EQ(found.anchor, FirewallAnchor::kDockerNft);
  EXPECT_THAT(found.defects, ElementsAre("chain OVERLAND-RAW of table ip raw is of no use"));
}

TEST(JudgedAnchors, AreNoneInEmptyTables) {
  AnchorsSeen seen;
  seen.rules[1] = {kToDockerUser, kDrop};
  EXPECT_FALSE(judge(seen, FirewallAnchor::kDockerUser, "table ip ").any);
}

}  // namespace
}  // namespace overland::firewall
