#include <gmock/gmock.h>

#include <cstdint>
#include <random>

#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::Address;
using model::Prefix;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Prefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<Prefix> result;
  for (const std::string& text : texts) result.push_back(Prefix::parse(text).value());
  return result;
}

TEST(NftRanges, MergeWhatAnIntervalSetWouldRefuse) {
  EXPECT_THAT(ranges_of(prefixes({"10.0.1.0/24", "10.0.0.0/24", "10.0.1.7/32"})),
              ElementsAre(Range{0x0a000000, 0x0a0001ff}));
}

TEST(NftRanges, ReachBothEndsOfTheAddressSpace) {
  EXPECT_THAT(ranges_of(prefixes({"0.0.0.0/0"})), ElementsAre(Range{0, UINT32_MAX}));
  EXPECT_THAT(prefixes_of({{0, UINT32_MAX}}), ElementsAre(Prefix::parse("0.0.0.0/0").value()));
  EXPECT_THAT(prefixes_of({{0xfffffffe, UINT32_MAX}}),
              ElementsAre(Prefix::parse("255.255.255.254/31").value()));
}

TEST(NftRanges, BecomeTheFewestPrefixes) {
  EXPECT_EQ(prefixes_of({{0x0a000001, 0x0a000006}}),
            prefixes({"10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"}));
}

TEST(NftRanges, SurviveTheWayThereAndBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Prefix> list;
    for (int i = 0; i < 20; ++i) {
      const std::uint32_t address = std::uniform_int_distribution<std::uint32_t>()(random);
      const int length = std::uniform_int_distribution<>(1, 32)(random);
      list.emplace_back(Address::from_ipv4(address), static_cast<std::uint8_t>(length));
    }
    EXPECT_EQ(prefixes_of(ranges_of(list)), model::aggregate(list));
  }
}

TEST(Delta, IsWhatTurnsOneListIntoTheOther) {
  const auto change = delta<int>({1, 2, 4}, {2, 3, 4, 5});
  EXPECT_THAT(change.gone, ElementsAre(1));
  EXPECT_THAT(change.added, ElementsAre(3, 5));
  EXPECT_THAT(delta<int>({1, 2}, {1, 2}).added, IsEmpty());
}

}  // namespace
}  // namespace overland::firewall::nft
