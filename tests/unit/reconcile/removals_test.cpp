#include "reconcile/removals.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace overland::reconcile {
namespace {

model::Prefix subnet(int number) {
  return *model::Prefix::parse("172." + std::to_string(16 + number / 256) + "." +
                               std::to_string(number % 256) + ".0/24");
}

/// Hosts `first` to `last` - 1, each with the subnet of its number.
Subnets hosts(int first, int last) {
  Subnets result;
  for (int i = first; i < last; ++i) result.add("h" + std::to_string(1000 + i), {subnet(i)});
  return result;
}

TEST(Removals, MoreThanHalfAreTooMany) {
  EXPECT_FALSE(removals(hosts(0, 2), hosts(0, 1)).too_many());
  EXPECT_FALSE(removals(hosts(0, 8), hosts(0, 4)).too_many());
  EXPECT_TRUE(removals(hosts(0, 3), hosts(0, 1)).too_many());
  EXPECT_TRUE(removals(hosts(0, 1), hosts(1, 5)).too_many());
}

TEST(Removals, MoreThanATenthAndAtLeastFiveAreTooMany) {
  EXPECT_FALSE(removals(hosts(0, 20), hosts(4, 20)).too_many());
  EXPECT_TRUE(removals(hosts(0, 20), hosts(5, 20)).too_many());
  EXPECT_FALSE(removals(hosts(0, 50), hosts(5, 50)).too_many());
  EXPECT_TRUE(removals(hosts(0, 49), hosts(5, 49)).too_many());
  EXPECT_TRUE(removals(hosts(0, 1500), hosts(0, 900)).too_many());
}

TEST(Removals, NothingGoesWhereNothingWas) {
  EXPECT_FALSE(removals(Subnets{}, hosts(0, 5)).too_many());
  EXPECT_FALSE(removals(hosts(0, 5), hosts(0, 5)).too_many());
}

TEST(Removals, TenOutAndTenInAreTen) {
  const auto result = removals(hosts(0, 20), hosts(10, 30));
  EXPECT_EQ(result.gone.size(), 10U);
  EXPECT_EQ(result.reason(),
            "the subnets of 10 of 20 hosts go: h1000, h1001, h1002, h1003, h1004 and 5 more");
}

TEST(Removals, AChangedBipIsOneAndAKeptOldOneIsNone) {
  const auto with_first = [](const std::vector<model::Prefix>& subnets) {
    Subnets result;
    result.add("h1000", subnets);
    hosts(1, 3).each([&](auto host, const auto& of) { result.add(host, of); });
    return result;
  };
  const auto changed = with_first({subnet(100)});
  EXPECT_EQ(removals(hosts(0, 3), changed).gone, std::vector<std::string>{"h1000"});
  const auto both = with_first({subnet(100), subnet(0)});  // previous_bip
  EXPECT_TRUE(removals(hosts(0, 3), both).gone.empty());
  EXPECT_EQ(removals(both, hosts(0, 3)).gone, std::vector<std::string>{"h1000"});
}

TEST(Removals, ASubnetThatMovesToAnotherHostDoesNotGo) {
  Subnets renamed;
  hosts(0, 9).each([&](auto host, const auto& of) { renamed.add("new-" + std::string(host), of); });
  EXPECT_TRUE(removals(hosts(0, 9), renamed).gone.empty());
}

TEST(Subnets, ComeBackFromTheirText) {
  const auto some = hosts(0, 3);
  EXPECT_EQ(Subnets::parse(some.text()), some);
  EXPECT_EQ(some.size(), 3U);
  EXPECT_TRUE(Subnets::parse("").empty());
}

TEST(Subnets, AreRefusedWhereALineIsNone) {
  for (const char* text : {"a 10.1.0.0/24", "a\n", "\n", " 10.1.0.0/24\n", "a b\n",
                           "a 10.1.0.1/24\n", "a 10.1.0.0/24 \n\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THROW(Subnets::parse(text), base::Error);
  }
}

TEST(Removals, RoutesStandForHostsThatAreNotKnown) {
  std::vector<model::Route> standing(3);
  for (int i = 0; i < 3; ++i) standing[static_cast<std::size_t>(i)].destination = subnet(i);
  const auto result = removals(standing, {standing[0]});
  EXPECT_TRUE(result.too_many());
  EXPECT_EQ(result.reason(), "the subnets of 2 of 3 routes go: 172.16.1.0/24, 172.16.2.0/24");
}

TEST(Removals, FallbacksStandForNobody) {
  const auto fallback = [](int i) { return model::fallback_route(subnet(i)); };
  const auto result = removals({fallback(0), fallback(1), fallback(2)}, {});
  EXPECT_EQ(result.of, 0U);
  EXPECT_FALSE(result.too_many());
}

}  // namespace
}  // namespace overland::reconcile
