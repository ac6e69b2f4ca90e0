#include <gmock/gmock.h>

#include <cstdint>
#include <random>

#include "firewall/nft/address_sets.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::Address;
using model::Prefix;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

/// 10.0.0.0/LENGTH and every `stride`th of that length after it.
std::vector<Prefix> every(std::uint32_t stride, std::uint32_t count, std::uint8_t length) {
  std::vector<Prefix> result;
  for (std::uint32_t i = 0; i < count; ++i) {
    result.emplace_back(Address::from_ipv4(0x0a000000U + ((i * stride) << (32U - length))), length);
  }
  return result;
}

std::vector<std::string> names(const std::vector<AddressSet>& sets) {
  std::vector<std::string> result;
  for (const AddressSet& set : sets) result.push_back(set.name);
  return result;
}

TEST(NftAddressSets, KeepFewPrefixesAsIntervals) {
  EXPECT_THAT(names(address_sets("x", {})), ElementsAre("x"));
  const auto sets = address_sets("x", every(2, 32, 24));
  ASSERT_THAT(names(sets), ElementsAre("x"));
  EXPECT_FALSE(sets[0].length.has_value());
  EXPECT_THAT(sets[0].ranges, SizeIs(32));
  EXPECT_THAT(names(address_sets("x", every(1, 5000, 32))), ElementsAre("x"))
      << "neighbours make few prefixes of many";
}

TEST(NftAddressSets, KeepManyOfOneLengthByTheirNetworks) {
  const auto sets = address_sets("x", every(2, 33, 24));
  ASSERT_THAT(names(sets), ElementsAre("x-24"));
  EXPECT_EQ(sets[0].length, 24);
  EXPECT_EQ(sets[0].ranges[1], (Range{0x0a000200, 0x0a0002ff}));
}

TEST(NftAddressSets, SplitShorterPrefixesIntoTheLength) {
  auto prefixes = every(2, 40, 24);
  prefixes.push_back(Prefix::parse("10.200.0.0/22").value());
  const auto sets = address_sets("x", prefixes);
  ASSERT_THAT(names(sets), ElementsAre("x-24"));
  EXPECT_THAT(sets[0].ranges, SizeIs(44));
}

TEST(NftAddressSets, TakeAnotherLengthWhereSplittingTakesTooMuch) {
  auto prefixes = every(2, 40, 32);
  prefixes.push_back(Prefix::parse("128.0.0.0/4").value());
  prefixes.push_back(Prefix::parse("192.168.0.0/17").value());
  EXPECT_THAT(names(address_sets("x", prefixes)), ElementsAre("x-32", "x-17", "x-4"));
  prefixes.pop_back();
  EXPECT_THAT(names(address_sets("x", prefixes)), ElementsAre("x-32", "x-4"));
}

TEST(NftAddressSets, StayIntervalsWhereLengthsAreMany) {
  std::vector<Prefix> prefixes;
  for (std::uint32_t i = 0; i < 60; ++i) {
    prefixes.emplace_back(Address::from_ipv4((64U + 2U * i) << 24U),
                          static_cast<std::uint8_t>(8U + 5U * (i % 5U)));
  }
  EXPECT_THAT(names(address_sets("x", prefixes)), ElementsAre("x"));
  EXPECT_THAT(names(address_sets("x", {Prefix::parse("0.0.0.0/0").value()})), ElementsAre("x"));
}

TEST(NftAddressSets, HoldTheSameAddressesWhateverTheForm) {
  std::mt19937 random(11);
  const auto number = [&](std::uint32_t from, std::uint32_t to) {
    return std::uniform_int_distribution<std::uint32_t>(from, to)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const std::uint32_t longest = number(9, 32);
    const std::uint32_t shortest = number(std::max(longest, 16U) - 8, longest);
    std::vector<Prefix> prefixes;
    for (std::uint32_t i = number(0, 200); i > 0; --i) {
      prefixes.emplace_back(Address::from_ipv4(number(0, UINT32_MAX) & 0x0fffffffU),
                            static_cast<std::uint8_t>(number(shortest, longest)));
    }
    prefixes = model::aggregate(prefixes);
    std::vector<Range> all;
    for (const AddressSet& set : address_sets("x", prefixes)) {
      EXPECT_TRUE(std::is_sorted(set.ranges.begin(), set.ranges.end()));
      EXPECT_EQ(length_of(set.name), set.length);
      EXPECT_EQ(list_of(set.name), "x");
      all.insert(all.end(), set.ranges.begin(), set.ranges.end());
    }
    EXPECT_THAT(all.size(), Le(4 * prefixes.size()));
    EXPECT_EQ(prefixes_of(all), prefixes);
  }
}

TEST(NftAddressSets, AreToldByTheirNames) {
  EXPECT_EQ(length_of("peer-hosts-32"), 32);
  EXPECT_EQ(list_of("peer-hosts-32"), "peer-hosts");
  for (const char* name : {"peer-hosts", "peer-hosts-", "x-0", "x-33", "x-1a", "", "24"}) {
    EXPECT_EQ(length_of(name), std::nullopt) << name;
    EXPECT_EQ(list_of(name), name);
  }
}

}  // namespace
}  // namespace overland::firewall::nft
