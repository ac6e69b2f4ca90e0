#include "watch/fights.h"

#include <gmock/gmock.h>

namespace overland::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

const Clock::time_point kStart = Clock::time_point(seconds(1000));

/// Repairs `resource` as soon as it may be, `times` over; when the last one was.
Clock::time_point fight(Fights& fights, const std::string& resource, int times) {
  auto now = kStart;
  for (int i = 0; i < times; ++i) {
    now = std::max(now, fights.next(resource));
    fights.note(resource, now);
  }
  return now;
}

TEST(Fights, AFewRepairsInARowAreNobodysFight) {
  Fights fights;
  fight(fights, "firewall", 4);
  EXPECT_TRUE(fights.may("firewall", kStart));
  EXPECT_THAT(fights.going_on(), IsEmpty());
}

TEST(Fights, ThenEachPauseIsTwiceTheOneBeforeUpToAMinute) {
  Fights fights;
  fight(fights, "firewall", 5);
  EXPECT_EQ(fights.next("firewall"), kStart + milliseconds(100));
  const auto last = fight(fights, "other", 6);
  EXPECT_EQ(fights.next("other"), last + milliseconds(200));
  const auto late = fight(fights, "third", 40);
  EXPECT_EQ(fights.next("third"), late + seconds(60));
}

TEST(Fights, ANetworkIsPutBackOnceAMinute) {
  Fights fights;
  fights.note("network app", kStart);
  EXPECT_EQ(fights.next("network app"), kStart + seconds(60));
  EXPECT_THAT(fights.going_on(), IsEmpty()) << "once is no fight";
  const auto last = fight(fights, "network app", 6);
  EXPECT_EQ(fights.next("network app"), last + seconds(60));
  EXPECT_THAT(fights.going_on(), SizeIs(1));
}

TEST(Fights, OneResourceHoldsNoOtherBack) {
  Fights fights;
  fight(fights, "route 192.168.200.0/24", 20);
  EXPECT_TRUE(fights.may("firewall", kStart));
}

TEST(Fights, WhatGoesOnIsToldAndForgottenInPeace) {
  Fights fights;
  const auto last = fight(fights, "firewall", 10);
  ASSERT_THAT(fights.going_on(), SizeIs(1));
  EXPECT_EQ(fights.going_on()[0].resource, "firewall");
  EXPECT_EQ(fights.going_on()[0].repairs, 10U);
  EXPECT_FALSE(fights.settle(last + seconds(5)));
  EXPECT_TRUE(fights.settle(last + seconds(60)));
  EXPECT_THAT(fights.going_on(), IsEmpty());
  EXPECT_TRUE(fights.may("firewall", last));
}

TEST(Fights, RepairsFarApartNeverAddUp) {
  Fights fights;
  for (int i = 0; i < 20; ++i) fights.note("firewall", kStart + seconds(60 * i));
  EXPECT_TRUE(fights.may("firewall", kStart + seconds(60 * 19)));
}

}  // namespace
}  // namespace overland::watch
