#include "base/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace overland::base {
namespace {

std::uint64_t sum(std::string_view text, std::uint64_t seed = 7) {
  Digest digest(seed);
  digest.add(text);
  return digest.value();
}

TEST(Digest, OfTheSameBytesIsTheSame) {
  EXPECT_EQ(sum("192.168.100.0/24"), sum("192.168.100.0/24"));
}

TEST(Digest, TellsEveryByteFromEveryOther) {
  const std::string text(100, 'a');
  std::set<std::uint64_t> sums = {sum(text), sum(text + "a"), sum(text + std::string(1, '\0'))};
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 'b';
    sums.insert(sum(other));
  }
  EXPECT_EQ(sums.size(), 103U);
}

TEST(Digest, TellsWhereOneTextEnds) {
  Digest one(7);
  one.add("ab");
  one.add("c");
  Digest other(7);
  other.add("a");
  other.add("bc");
  EXPECT_NE(one.value(), other.value());
}

TEST(Digest, DependsOnTheSeedAndTheOrder) {
  EXPECT_NE(sum("a", 1), sum("a", 2));
  Digest one(7);
  one.add(std::uint64_t{1});
  one.add(std::uint64_t{2});
  Digest other(7);
  other.add(std::uint64_t{2});
  other.add(std::uint64_t{1});
  EXPECT_NE(one.value(), other.value());
}

}  // namespace
}  // namespace overland::base
