#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "firewall/nft/hull.h"

namespace overland::firewall::nft {
namespace {

using model::Address;
using model::FirewallPolicy;
using model::Prefix;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

std::vector<Prefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<Prefix> result;
  for (const std::string& text : texts) result.push_back(Prefix::parse(text).value());
  return result;
}

std::vector<Prefix> hull(const std::vector<std::string>& peers) {
  FirewallPolicy policy;
  policy.peer_subnets = model::aggregate(prefixes(peers));
  return hull_of(policy);
}

TEST(NftHull, IsAroundTheClusterAndNotMuchMore) {
  EXPECT_EQ(hull({"192.168.1.0/24", "192.168.200.0/24"}), prefixes({"192.168.0.0/16"}));
  EXPECT_EQ(hull({"10.4.0.0/24", "172.16.1.0/24", "192.168.1.0/24", "192.168.9.0/24"}),
            prefixes({"10.4.0.0/16", "172.16.0.0/16", "192.168.0.0/16"}));
  EXPECT_EQ(hull({"10.0.0.0/24", "10.1.0.0/24", "10.128.0.0/24", "172.16.0.1/32", "198.51.100.0/24",
                  "198.51.101.0/24"}),
            prefixes({"10.0.0.0/15", "10.128.0.0/16", "172.16.0.0/16", "198.51.0.0/16"}));
  EXPECT_EQ(hull({"10.0.0.0/8"}), prefixes({"10.0.0.0/8"}));
}

TEST(NftHull, IsNoneAroundNothingOrEverything) {
  EXPECT_THAT(hull({}), IsEmpty());
  EXPECT_THAT(hull({"0.0.0.0/1", "128.0.0.0/2"}), SizeIs(2));
  EXPECT_THAT(hull({"0.0.0.0/0"}), IsEmpty());
  EXPECT_THAT(outside_rules({}), IsEmpty());
}

TEST(NftHull, LeavesNobodyOfTheClusterOutside) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    FirewallPolicy policy;
    const int bits = std::uniform_int_distribution<>(0, 24)(random);
    for (auto* list : {&policy.local, &policy.peer_subnets, &policy.peer_hosts, &policy.transit}) {
      for (auto i = random() % 20; i > 0; --i) {
        const auto address = static_cast<std::uint32_t>(random() >> bits << bits);
        list->emplace_back(Address::from_ipv4(address),
                           static_cast<std::uint8_t>(8 + random() % 25));
      }
      *list = model::aggregate(std::move(*list));
    }
    const auto around = hull_of(policy);
    EXPECT_THAT(around, SizeIs(Le(4U)));
    if (around.empty()) continue;
    for (const auto* list :
         {&policy.local, &policy.peer_subnets, &policy.peer_hosts, &policy.transit}) {
      for (const Prefix& one : *list) {
        EXPECT_TRUE(std::any_of(around.begin(), around.end(), [&](const Prefix& part) {
          return part.contains(one);
        })) << one.to_string();
      }
    }
  }
}

TEST(NftHull, IsAskedByRoutersOnlyAtBothEnds) {
  FirewallPolicy policy;
  policy.peer_subnets = prefixes({"192.168.1.0/24"});
  EXPECT_THAT(outside_rules(policy), IsEmpty());
  policy.transit = prefixes({"10.1.0.0/24", "192.168.1.0/24"});
  const Statement accept = Verdict{Verdict::kAccept};
  const auto outside = [](Field field, std::uint32_t first) {
    return Match{field, std::vector<Range>{{first, first | 0xffffU}}, true};
  };
  EXPECT_EQ(outside_rules(policy),
            (std::vector<Statements>{
                {outside(Field::kSource, 0x0a010000), outside(Field::kSource, 0xc0a80000), accept},
                {outside(Field::kDestination, 0x0a010000), outside(Field::kDestination, 0xc0a80000),
                 accept}}));
}

TEST(NftHull, IsTheSameWhileAListGrowsWithinIt) {
  EXPECT_EQ(hull({"192.168.1.0/24", "10.0.0.7/32"}),
            hull({"192.168.1.0/24", "192.168.44.0/24", "10.0.0.7/32", "10.0.3.0/24"}));
}

}  // namespace
}  // namespace overland::firewall::nft
