#include "desired/third_party.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "campus.h"
#include "desired/route_formats.h"
#include "desired/routes.h"

namespace overland::desired {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const ThirdParty& found) {
  std::vector<std::string> result;
  for (const auto& route : found.routes) {
    std::string line = route.destination.to_string() + " " + route.host;
    for (const auto& gateway : route.gateways) line += " " + gateway.to_string();
    result.push_back(line);
  }
  return result;
}

inventory::Inventory campus(const std::string& cluster = "") {
  return tests::load(cluster + tests::kCampus);
}

TEST(ThirdParty, AHostGetsWhatItWouldHaveWithOverland) {
  const auto inventory = campus();
  const auto found = routes_for_host(inventory, inventory.hosts[0]);
  const auto own = routes(inventory, inventory.hosts[0]);
  ASSERT_EQ(found.routes.size(), own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(found.routes[i].destination, own[i].destination);
    EXPECT_EQ(found.routes[i].gateways, own[i].gateways);
  }
  EXPECT_THAT(lines(found),
              ElementsAre("172.16.20.0/24  172.16.10.1", "172.16.30.0/24  172.16.10.1",
                          "192.168.2.0/24 b 172.16.10.1", "192.168.3.0/24 c 172.16.10.1"));
  EXPECT_THAT(found.unreached, IsEmpty());
}

TEST(ThirdParty, AGatewayReachesNeighboursDirectlyAndOthersByRouters) {
  const auto inventory = campus();
  EXPECT_THAT(lines(routes_for_gateway(inventory, {1})),
              ElementsAre("192.168.1.0/24 a 172.16.20.1", "192.168.2.0/24 b 172.16.20.10",
                          "192.168.3.0/24 c 172.16.20.3"));
  EXPECT_THAT(lines(routes_for_gateway(inventory, {0, 2})),
              ElementsAre("192.168.1.0/24 a 172.16.10.10", "192.168.2.0/24 b 172.16.10.1",
                          "192.168.3.0/24 c 172.16.30.10"));
}

TEST(ThirdParty, WithEcmpEveryEqualRouterIsNamed) {
  auto inventory = campus();
  inventory.cluster.ecmp = true;
  EXPECT_THAT(
      lines(routes_for_gateway(inventory, {0})),
      ElementsAre("192.168.1.0/24 a 172.16.10.10", "192.168.2.0/24 b 172.16.10.1 172.16.10.2",
                  "192.168.3.0/24 c 172.16.10.1 172.16.10.2"));
}

TEST(ThirdParty, WhoReachesAllHostsNeedsTheirFirstAddresses) {
  auto inventory = campus();
  inventory.hosts[1].previous_bip = model::InterfaceAddress::parse("192.168.9.1/24");
  EXPECT_THAT(lines(routes_for_any(inventory)),
              ElementsAre("192.168.1.0/24 a 172.16.10.10", "192.168.2.0/24 b 172.16.20.10",
                          "192.168.3.0/24 c 172.16.30.10", "192.168.9.0/24 b 172.16.20.10"));
}

TEST(ThirdParty, WhatNoRouterLeadsToIsTold) {
  auto inventory = campus();
  for (std::size_t i = 3; i < 6; ++i) inventory.hosts[i].router = false;
  const auto found = routes_for_gateway(inventory, {2});
  EXPECT_THAT(lines(found), ElementsAre("192.168.3.0/24 c 172.16.30.10"));
  EXPECT_THAT(found.unreached, ElementsAre("a", "b"));
}

TEST(ThirdParty, ASegmentIsFoundByNameOrAddress) {
  const auto inventory = campus();
  EXPECT_EQ(find_segment(inventory, "lab"), 2U);
  EXPECT_EQ(find_segment(inventory, "172.16.20.254"), 1U);
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
           {"vlan10", "did you mean vlan100?"},
           {"10.9.9.9", "lies in no segment"},
           {"172.16.10.2", "is host r2: give --for r2"}}) {
    try {
      find_segment(inventory, text);
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }
}

const std::vector<ThirdPartyRoute> kRoutes = {
    {*model::Prefix::parse("172.16.20.0/24"), "", {*model::Address::parse("172.16.10.1")}},
    {*model::Prefix::parse("192.168.2.0/24"),
     "b",
     {*model::Address::parse("172.16.10.1"), *model::Address::parse("172.16.10.2")}}};

TEST(RouteFormats, AreThoseTheirReadersKnow) {
  EXPECT_EQ(format_iproute(kRoutes),
            "route replace 172.16.20.0/24 proto static via 172.16.10.1  # a segment\n"
            "route replace 192.168.2.0/24 proto static nexthop via 172.16.10.1 nexthop via "
            "172.16.10.2  # b\n");
  EXPECT_EQ(format_networkd(kRoutes),
            "# a segment\n[Route]\nDestination=172.16.20.0/24\nGateway=172.16.10.1\n\n"
            "# b\n[Route]\nDestination=192.168.2.0/24\nMultiPathRoute=172.16.10.1\n"
            "MultiPathRoute=172.16.10.2\n");
  EXPECT_EQ(format_frr(kRoutes),
            "! a segment\nip route 172.16.20.0/24 172.16.10.1\n"
            "! b\nip route 192.168.2.0/24 172.16.10.1\nip route 192.168.2.0/24 172.16.10.2\n");
  EXPECT_EQ(format_bird(kRoutes),
            "protocol static overland {\n  ipv4;\n  route 172.16.20.0/24 via 172.16.10.1;  # a "
            "segment\n  route 192.168.2.0/24 via 172.16.10.1 via 172.16.10.2;  # b\n}\n");
}

}  // namespace
}  // namespace overland::desired
