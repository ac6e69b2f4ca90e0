// Whom a probe asks.

#include "probe/targets.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace tests;

model::Address at(const char* text) { return *model::Address::parse(text); }

const inventory::Host& host(const inventory::Inventory& inventory, const std::string& name) {
  for (const auto& one : inventory.hosts) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << name;
  return inventory.hosts.front();
}

std::vector<std::string> named(const inventory::Inventory& inventory, const char* self,
                               const std::vector<std::string>& asked) {
  std::vector<std::string> result;
  for (const auto& peer : probe::targets(inventory, host(inventory, self), asked, false)) {
    result.push_back(peer.name);
  }
  return result;
}

std::string refusal(const inventory::Inventory& inventory, const char* self,
                    const std::string& asked) {
  try {
    probe::targets(inventory, host(inventory, self), {asked}, false);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  return "none";
}

TEST(LikelyContainers, AreTheLowestDockerHandsOutAndTheHighest) {
  const auto likely =
      probe::likely_containers(*model::Prefix::parse("192.168.7.0/24"), at("192.168.7.1"));
  ASSERT_EQ(likely.size(), 9U);
  EXPECT_EQ(likely.front(), at("192.168.7.2"));
  EXPECT_EQ(likely[7], at("192.168.7.9"));
  EXPECT_EQ(likely.back(), at("192.168.7.254"));
}

TEST(LikelyContainers, LeaveTheBridgeOutWhereverItIs) {
  EXPECT_THAT(probe::likely_containers(*model::Prefix::parse("10.9.0.0/29"), at("10.9.0.6")),
              ElementsAre(at("10.9.0.2"), at("10.9.0.3"), at("10.9.0.4"), at("10.9.0.5")));
  EXPECT_THAT(probe::likely_containers(*model::Prefix::parse("10.9.0.0/30"), at("10.9.0.1")),
              ElementsAre(at("10.9.0.2")));
  EXPECT_TRUE(
      probe::likely_containers(*model::Prefix::parse("10.9.0.0/31"), at("10.9.0.0")).empty());
}

TEST(Targets, AreAllOtherHostsWhereNobodyIsNamed) {
  const auto campus = load(kCampus);
  EXPECT_EQ(named(campus, "a", {}).size(), campus.hosts.size() - 1);
}

TEST(Targets, OfAnAddressAreTheHostOrTheOneContainer) {
  const auto campus = load(kCampus);
  const auto& b = host(campus, "b");
  EXPECT_THAT(named(campus, "a", {b.addresses.front().address.to_string()}), ElementsAre("b"));
  EXPECT_THAT(named(campus, "a", {b.bip->address.to_string()}), ElementsAre("b"));
  const auto peers = probe::targets(campus, host(campus, "a"), {"192.168.2.77"}, false);
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_TRUE(peers.front().asked);
  EXPECT_THAT(peers.front().containers, ElementsAre(at("192.168.2.77")));
  EXPECT_EQ(probe::end_of_way(peers.front()), at("192.168.2.77"));
}

TEST(Targets, OfASubnetAreItsHosts) {
  const auto campus = load(kCampus);
  EXPECT_THAT(named(campus, "a", {"192.168.2.0/25"}), ElementsAre("b"));
}

TEST(Targets, AreNamedOnceHoweverOftenAndInTheOrderOfTheFile) {
  const auto campus = load(kCampus);
  const auto twice = named(campus, "a", {"r1", "b", "192.168.2.77", "r1"});
  EXPECT_EQ(twice.size(), 2U);
  EXPECT_EQ(twice, named(campus, "a", {"b", "r1"}));
}

TEST(Targets, CountTheRoutersBetween) {
  const auto campus = load(kCampus);
  const auto peers = probe::targets(campus, host(campus, "a"), {"b"}, false);
  EXPECT_EQ(peers.front().routers, 1U);
  const auto way = probe::way_to(campus, host(campus, "a"), peers.front());
  ASSERT_EQ(way.size(), 2U);
  EXPECT_EQ(way.front().name, "r1");
  EXPECT_EQ(way.back().name, "b");
}

TEST(Targets, AreNeitherThisHostNorStrangers) {
  const auto campus = load(kCampus);
  EXPECT_THAT(refusal(campus, "a", "a"), HasSubstr("is this host"));
  EXPECT_THAT(refusal(campus, "a", "192.168.1.5"), HasSubstr("is this host"));
  EXPECT_THAT(refusal(campus, "a", "8.8.8.8"), HasSubstr("with --any only"));
  EXPECT_THAT(refusal(campus, "a", "fd00::1"), HasSubstr("no IPv4 address"));
  EXPECT_THAT(refusal(campus, "a", "192.168.2.1/24"), HasSubstr("is no IPv4 subnet"));
  EXPECT_THAT(refusal(campus, "a", "203.0.113.0/24"), HasSubstr("no host of the inventory"));
  EXPECT_THAT(refusal(campus, "a", "nobody"), HasSubstr("neither an address nor a host"));
}

TEST(Targets, AreStrangersWhereThatIsSaid) {
  const auto campus = load(kCampus);
  const auto peers = probe::targets(campus, host(campus, "a"), {"8.8.8.8"}, true);
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers.front().name, "8.8.8.8");
  EXPECT_FALSE(peers.front().host);
  EXPECT_TRUE(probe::way_to(campus, host(campus, "a"), peers.front()).empty());
}

}  // namespace
}  // namespace overland
