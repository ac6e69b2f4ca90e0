// The lists of a policy against the kernel: changed by elements, kept in interval or in hash sets.

#include <gmock/gmock.h>

#include <cstdint>
#include <random>

#include "netns/firewall/nft_fixture.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::prefixes;
using tests::sh;
using tests::spaced;
using tests::two_host_policy;

using NftListsTest = NftTest;

TEST_F(NftListsTest, ChangesElementsWithoutTouchingRules) {
  FirewallPolicy policy = two_host_policy();
  write(policy);
  const std::string before = sh("nft -a -s list table ip overland | grep handle");
  policy.peer_hosts = prefixes({"10.0.0.202/32"});
  policy.peer_subnets = prefixes({"192.168.200.0/25", "192.168.201.0/24"});
  write(policy);
  expect_in_force(policy);
  EXPECT_EQ(sh("nft -a -s list table ip overland | grep handle"), before);
}

TEST_F(NftListsTest, ReachesAnyListFromAnyOtherByDeltas) {
  std::mt19937 random(20);
  FirewallPolicy policy = two_host_policy();
  const auto sets = [] { return sh("nft -t list sets ip"); };
  const auto table = [] { return sh("nft -a -t list table ip overland | head -1"); };
  write(policy);
  for (int round = 0; round < 60; ++round) {
    const std::string sets_before = sets();
    const std::string table_before = table();
    std::vector<model::Prefix> list;
    // Up to 32 are intervals; more are hashed where their lengths are few.
    for (int i = std::uniform_int_distribution<>(0, 120)(random); i > 0; --i) {
      const std::uint32_t base = round % 3 == 0 ? 0xfffffc00U : 0x0a000000U;
      const std::uint32_t low = std::uniform_int_distribution<std::uint32_t>(0, 1023)(random);
      const int length = std::uniform_int_distribution<>(round % 2 == 0 ? 31 : 24, 32)(random);
      list.emplace_back(model::Address::from_ipv4(base | low), static_cast<std::uint8_t>(length));
    }
    policy.peer_subnets = model::aggregate(list);
    write(policy);
    expect_in_force(policy);
    // A table made anew, as where the kernel refuses the deltas, has another handle.
    if (sets() == sets_before) {
      EXPECT_EQ(table(), table_before) << "round " << round;
    }
  }
}

TEST_F(NftListsTest, ShowsAChangedElementAsAChangedPolicy) {
  FirewallPolicy policy = two_host_policy();
  write(policy);
  sh("nft delete element ip overland peer-subnets '{ 192.168.200.0/24 }';"
     "nft add element ip overland peer-hosts '{ 10.0.0.210-10.0.0.212 }'");
  const auto found = firewall_.read(policy);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->defects, IsEmpty());
  EXPECT_THAT(found->policy.peer_subnets, IsEmpty());
  EXPECT_EQ(found->policy.peer_hosts,
            prefixes({"10.0.0.201/32", "10.0.0.210/31", "10.0.0.212/32"}));
  write(policy);
  expect_in_force(policy);
}

TEST_F(NftListsTest, ShowsAChangedElementOfAHashSetToo) {
  FirewallPolicy policy = two_host_policy();
  policy.peer_hosts = spaced("10.0.0.1", 32, 40);
  policy.peer_subnets = spaced("10.64.0.0", 24, 40);
  write(policy);
  EXPECT_THAT(sh("nft list set ip overland peer-subnets-24"), HasSubstr("10.64.2.0"));
  // The second never matches a masked address, but does not belong there either.
  for (const char* change : {"delete element ip overland peer-hosts-32 '{ 10.0.0.1 }'",
                             "add element ip overland peer-subnets-24 '{ 10.99.0.7 }'"}) {
    sh("nft " + std::string(change));
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->policy == policy) << change;
    write(policy);
    expect_in_force(policy);
  }
}

}  // namespace
}  // namespace overland::firewall::nft
