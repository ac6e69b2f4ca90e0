// Which address a probe may have on a bridge, and which sizes it asks for.

#include "probe/stand.h"

#include <gmock/gmock.h>

#include "probe/sizes.h"

namespace overland {
namespace {

using ::testing::ElementsAre;

model::Address at(const char* text) { return *model::Address::parse(text); }
model::InterfaceAddress bridge(const char* text) { return *model::InterfaceAddress::parse(text); }

TEST(FreeAddresses, AreTheHighestThatNobodyHas) {
  probe::BridgeUse use;
  use.taken = {at("192.168.7.253"), at("192.168.7.2")};
  const auto found = probe::free_addresses(bridge("192.168.7.254/24"), use);
  ASSERT_EQ(found.size(), 8U);
  EXPECT_EQ(found.front(), at("192.168.7.252")) << "254 is the bridge's, 253 a container's";
  EXPECT_EQ(found.back(), at("192.168.7.245"));
}

TEST(FreeAddresses, LieOutsideOfFixedCidrWhereThereIsRoom) {
  probe::BridgeUse use;
  use.range = model::Prefix::parse("192.168.7.128/25");
  EXPECT_EQ(probe::free_addresses(bridge("192.168.7.1/24"), use).front(), at("192.168.7.127"));
  use.range = model::Prefix::parse("192.168.7.0/24");
  EXPECT_EQ(probe::free_addresses(bridge("192.168.7.1/24"), use).front(), at("192.168.7.254"));
}

TEST(FreeAddresses, OfASmallSubnetMayBeNone) {
  probe::BridgeUse use;
  use.taken = {at("10.9.0.2")};
  EXPECT_TRUE(probe::free_addresses(bridge("10.9.0.1/30"), use).empty());
  EXPECT_TRUE(probe::free_addresses(bridge("10.9.0.1/31"), {}).empty());
  EXPECT_THAT(probe::free_addresses(bridge("10.9.0.1/30"), {}), ElementsAre(at("10.9.0.2")));
  EXPECT_EQ(probe::free_addresses(bridge("10.0.0.1/8"), {}).size(), 8U);
}

probe::Echo of_size(std::uint16_t size, std::uint32_t named) {
  probe::Echo echo;
  echo.purpose = probe::Purpose::kSize;
  echo.size = size;
  if (named != 0) echo.complaint = probe::Complaint{3, 4, at("10.0.0.9"), named, {}};
  return echo;
}

TEST(Sizes, BeginWithTheWholeAndStayBelowIt) {
  const auto sizes = probe::sizes_up_to(1450);
  EXPECT_EQ(sizes.front(), 1450);
  EXPECT_EQ(sizes[1], 1430);
  EXPECT_EQ(sizes.back(), 576);
  EXPECT_EQ(probe::sizes_up_to(65536).front(), 65535) << "the loopback's";
}

TEST(Sizes, FollowWhatRoutersNameAndNeverTwice) {
  probe::Evidence evidence;
  EXPECT_FALSE(probe::named_size(evidence, 1500));
  evidence.echoes = {of_size(1500, 1400)};
  EXPECT_EQ(probe::named_size(evidence, 1500), 1400);
  evidence.echoes.push_back(of_size(1400, 1300));
  EXPECT_EQ(probe::named_size(evidence, 1500), 1300);
  evidence.echoes.push_back(of_size(1300, 1300));
  EXPECT_FALSE(probe::named_size(evidence, 1500)) << "who names what was just too large is lying";
  evidence.echoes = {of_size(1500, 20)};
  EXPECT_FALSE(probe::named_size(evidence, 1500));
}

}  // namespace
}  // namespace overland
