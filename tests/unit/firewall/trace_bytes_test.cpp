// What can be said of bytes of which some bits are known.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "firewall/trace/bytes.h"

namespace overland::firewall::trace {
namespace {

using Three = std::array<std::uint8_t, 3>;

/// 10.1.x: the last byte is unknown.
TraceBytes some() {
  TraceBytes value = known_bytes(Three{10, 1, 0});
  value[2] = {0, 0, Answer::kMaybe};
  return value;
}

TEST(TraceBytes, EqualsComparesWhatIsKnown) {
  EXPECT_EQ(equals(some(), Three{10, 1, 7}), Answer::kMaybe);
  EXPECT_EQ(equals(some(), Three{10, 2, 7}), Answer::kNo);
  EXPECT_EQ(equals(some(), std::array<std::uint8_t, 2>{10, 1}), Answer::kYes);
  EXPECT_EQ(equals(some(), std::array<std::uint8_t, 4>{}), Answer::kMaybe);
  EXPECT_EQ(equals(unknown_bytes(3, Answer::kOpen), Three{}), Answer::kOpen);
}

TEST(TraceBytes, WithinKnowsBothBounds) {
  EXPECT_EQ(within(some(), Three{10, 1, 0}, Three{10, 1, 255}), Answer::kYes);
  EXPECT_EQ(within(some(), Three{10, 0, 9}, Three{10, 2, 0}), Answer::kYes);
  EXPECT_EQ(within(some(), Three{10, 1, 1}, Three{10, 1, 255}), Answer::kMaybe);
  EXPECT_EQ(within(some(), Three{10, 2, 0}, Three{11, 0, 0}), Answer::kNo);
  EXPECT_EQ(within(some(), Three{0, 0, 0}, Three{10, 0, 255}), Answer::kNo);
}

TEST(TraceBytes, AnswersCombine) {
  EXPECT_EQ(both(Answer::kYes, Answer::kMaybe), Answer::kMaybe);
  EXPECT_EQ(both(Answer::kOpen, Answer::kNo), Answer::kNo);
  EXPECT_EQ(opposite(Answer::kNo), Answer::kYes);
  EXPECT_EQ(opposite(Answer::kUnsure), Answer::kUnsure);
}

}  // namespace
}  // namespace overland::firewall::trace
