#include "watch/pace.h"

#include <gtest/gtest.h>

namespace overland::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Pace::Limits kLimits = {milliseconds(5), milliseconds(50), milliseconds(1000)};
const Clock::time_point kStart = Clock::time_point(seconds(1000));

TEST(Pace, NothingHappenedNothingIsDue) { EXPECT_FALSE(Pace(kLimits).due()); }

TEST(Pace, OneEventIsLookedAtAfterTheQuiet) {
  Pace pace(kLimits);
  pace.note(kStart);
  EXPECT_EQ(pace.due(), kStart + milliseconds(5));
}

TEST(Pace, ABurstIsLookedAtOnceButNotForever) {
  Pace pace(kLimits);
  for (int i = 0; i < 100; ++i) pace.note(kStart + milliseconds(i));
  EXPECT_EQ(pace.due(), kStart + milliseconds(50));
}

TEST(Pace, ALookEndsIt) {
  Pace pace(kLimits);
  pace.note(kStart);
  pace.looked(kStart, kStart, false);
  EXPECT_FALSE(pace.due());
}

TEST(Pace, LookingTakesAFifthOfTheTimeAtMost) {
  Pace pace(kLimits);
  pace.looked(kStart, kStart + milliseconds(100), false);
  pace.note(kStart + milliseconds(101));
  EXPECT_EQ(pace.due(), kStart + milliseconds(500));
}

TEST(Pace, WhoUndoesItAtOnceWaitsLongerEachTime) {
  Pace pace(kLimits);
  auto now = kStart;
  Clock::duration waited{0};
  for (int i = 0; i < 12; ++i) {
    pace.note(now);
    const auto due = pace.due().value();
    EXPECT_GE(due - now, waited);
    waited = due - now;
    pace.looked(due, due, true);
    now = due;
  }
  EXPECT_EQ(waited, milliseconds(1000));
  now += seconds(20);
  pace.note(now);
  pace.looked(now, now, true);
  pace.note(now + seconds(60));
  EXPECT_EQ(pace.due(), now + seconds(60) + milliseconds(5));
}

}  // namespace
}  // namespace overland::watch
