// The small parts the checks are made of.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "inventory/prefix_index.h"
#include "inventory/report.h"
#include "inventory/suggest.h"
#include "inventory/values.h"

namespace overland::inventory {
namespace {

TEST(Suggest, DistanceCountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("mark", "mark", 3), 0U);
  EXPECT_EQ(edit_distance("mrak", "mark", 3), 1U);
  EXPECT_EQ(edit_distance("adress", "address", 3), 1U);
  EXPECT_EQ(edit_distance("VLAN", "vlan", 3), 0U);
  EXPECT_EQ(edit_distance("", "abc", 3), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(edit_distance("a", std::string(100, 'b'), 3), 4U);
}

TEST(Suggest, NearestKeepsItsDistance) {
  EXPECT_EQ(nearest("hosts", {"version", "host"}), "host");
  EXPECT_EQ(nearest("vlan_id", {"name", "vlan"}), "vlan");
  EXPECT_EQ(nearest("flavour", {"version", "host"}), "");
  EXPECT_EQ(nearest("", {"version", "host"}), "");
  EXPECT_EQ(nearest("x", {"a", "b"}), "");  // any letter is as near
}

TEST(PrefixIndex, FindsTheLongestLikeALinearSearch) {
  std::mt19937 random(7);
  std::vector<std::pair<model::Prefix, std::size_t>> entries;
  for (std::size_t i = 0; i < 200; ++i) {
    const auto length = static_cast<std::uint8_t>(4 + random() % 29);
    entries.emplace_back(
        model::Prefix(
            model::Address::from_ipv4(static_cast<std::uint32_t>(random() % 4096U << 20U)), length),
        i);
  }
  const PrefixIndex index(entries);
  for (int i = 0; i < 2000; ++i) {
    const auto address =
        model::Address::from_ipv4(static_cast<std::uint32_t>(random() % 4096U << 20U));
    int best = -1;
    for (const auto& [prefix, number] : entries) {
      if (prefix.contains(address)) best = std::max<int>(best, prefix.length());
    }
    const auto found = index.find(address);
    ASSERT_EQ(found.has_value(), best >= 0);
    if (found) {
      EXPECT_EQ(entries[*found].first.length(), best);
    }
  }
}

TEST(Report, QuotesAreFitForATerminal) {
  EXPECT_EQ(quote("a\"b"), "\"a\"b\"");
  EXPECT_EQ(quote("a\n\x1b\x7f"), "\"a\\x0a\\x1b\\x7f\"");
  EXPECT_EQ(quote("\xc2\x9b"
                  "31m"),
            "\"\\xc2\\x9b31m\"");
  EXPECT_EQ(quote("\xc2\xa9"), "\"\xc2\xa9\"");
  EXPECT_EQ(quote("\xc2"), "\"\xc2\"") << "cut off: nothing after it is looked at";
  EXPECT_EQ(quote(std::string(79, 'a') + "ää"), "\"" + std::string(79, 'a') + "…\"");
}

TEST(ReservedRange, TouchesEitherWay) {
  const auto range = [](const char* text) { return reserved_range(*model::Prefix::parse(text)); };
  EXPECT_EQ(range("10.0.0.0/8"), "");
  EXPECT_EQ(range("126.0.0.0/8"), "");
  EXPECT_EQ(range("192.0.2.0/24"), "");
  EXPECT_NE(range("127.0.0.0/8"), "");
  EXPECT_NE(range("126.0.0.0/7"), "");
  EXPECT_NE(range("169.254.7.0/24"), "");
  EXPECT_NE(range("169.0.0.0/8"), "");
  EXPECT_NE(range("255.255.255.255/32"), "");
  EXPECT_NE(range("0.0.0.0/0"), "");
  EXPECT_EQ(range("fd00::/8"), "");
}

}  // namespace
}  // namespace overland::inventory
