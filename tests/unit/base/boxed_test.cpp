#include "base/boxed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace overland::base {
namespace {

using Box = Boxed<std::string>;

TEST(Boxed, IsAsSmallAsAPointer) {
  EXPECT_EQ(sizeof(Boxed<std::vector<std::string>>), sizeof(void*));
}

TEST(Boxed, CopiesTheValue) {
  const Box one = std::string("one");
  Box two = one;
  EXPECT_NE(&*one, &*two);
  EXPECT_EQ(one, two);
  two = std::string("two");
  EXPECT_EQ(*one, "one");
  EXPECT_EQ(two->size(), 3U);
}

TEST(Boxed, MovesAndEmpties) {
  Box one = std::string("one");
  const std::string* where = &*one;
  Box two = std::move(one);
  EXPECT_EQ(&*two, where);
  two = std::nullopt;
  EXPECT_FALSE(two);
}

TEST(Boxed, ComparesByValueAsAnOptionalDoes) {
  const std::vector<std::optional<std::string>> values = {std::nullopt, "", "a", "b"};
  for (const auto& a : values) {
    for (const auto& b : values) {
      EXPECT_EQ(Box(a) == Box(b), a == b);
      EXPECT_EQ(Box(a) <=> Box(b), a <=> b);
    }
  }
}

TEST(Boxed, IsAnOptionalAndBack) {
  const std::optional<std::string> value = "a";
  const std::optional<std::string> back = Box(value);
  EXPECT_EQ(back, value);
  const std::optional<std::string> nothing = Box(std::nullopt);
  EXPECT_FALSE(nothing);
}

}  // namespace
}  // namespace overland::base
