// Paths as `overland explain` tells them.

#include "desired/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "unit/desired/campus.h"
#include "unit/desired/way.h"

namespace overland {
namespace {

using desired::Endpoint;
using desired::find_endpoint;
using desired::find_path;
using testing::StartsWith;
using namespace tests;

std::string explain(const inventory::Inventory& inventory, const char* source,
                    const char* destination) {
  const auto from = find_endpoint(inventory, source);
  const auto to = find_endpoint(inventory, destination, from);
  return render_path(inventory, from, to, find_path(inventory, from, to),
                     find_path(inventory, to, from));
}

std::string refusal(const inventory::Inventory& inventory, const char* text) {
  try {
    find_endpoint(inventory, text);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  return "none";
}

TEST(Explain, ContainerToContainerOverARouter) {
  EXPECT_EQ(
      explain(load(kCampus), "192.168.1.2", "192.168.2.3"),
      "container 192.168.1.2 on a to container 192.168.2.3 on b\n"
      "\n"
      "  1  192.168.1.2 -> 192.168.1.1 (a)  over bridge docker0\n"
      "       the bridge's address is a container's default gateway\n"
      "  2  a           -> 172.16.10.1 (r1)  over segment vlan100 (VLAN 100)\n"
      "       192.168.2.0/24 is the bridge subnet of b; the shortest way is over r1, the first "
      "in the inventory of 2 equal next hops\n"
      "  3  r1          -> 172.16.20.10 (b)  over segment vlan200 (VLAN 200)\n"
      "       192.168.2.0/24 is the bridge subnet of b, which is in this segment, too\n"
      "  4  b           -> 192.168.2.3  over bridge docker0\n"
      "       it lies in the host's own bridge subnet\n"
      "\n"
      "It arrives with the source address 192.168.1.2.\n"
      "The way back is the same.\n");
}

TEST(Explain, HostToHostTakesTheNearestAddress) {
  const auto inventory = load(kCampus);
  const auto from = find_endpoint(inventory, "b");
  EXPECT_EQ(find_endpoint(inventory, "r1", from).address, addr("172.16.20.1"));
  EXPECT_EQ(find_endpoint(inventory, "r1").address, addr("172.16.10.1"));
  EXPECT_EQ(way(inventory, "b", "r1"), "b>r1");
}

TEST(Explain, SharedLoadNamesEveryNextHop) {
  auto inventory = load(kCampus);
  inventory.cluster.ecmp = true;
  const std::string text = explain(inventory, "192.168.1.2", "192.168.2.3");
  EXPECT_NE(text.find("shared with all of: 172.16.10.1, 172.16.10.2"), std::string::npos) << text;
  EXPECT_NE(text.find("one of 2 equal next hops"), std::string::npos) << text;
}

TEST(Explain, ChainOfRouters) {
  EXPECT_EQ(way(load(kCampus), "192.168.1.2", "192.168.3.3"), "192.168.1.2>a>r1>r3>c>192.168.3.3");
}

TEST(Explain, NeighbourUsesTheRouterOfItsSegment) {
  EXPECT_THAT(way(load(kCampus), "172.16.20.99", "192.168.1.2"),
              StartsWith("172.16.20.99>r1>a>192.168.1.2 refused: "));
  EXPECT_EQ(way(load(kCampus), "172.16.20.99", "172.16.20.98"), "172.16.20.99>172.16.20.98");
}

TEST(Explain, NeighbourOfAnUntrustedSegmentIsRefused) {
  const std::string text = explain(load(kCampus), "172.16.20.99", "192.168.1.2");
  EXPECT_NE(text.find("But a lets 172.16.20.99 reach published ports only"), std::string::npos)
      << text;
  auto trusting = load(kCampus);
  trusting.segments[1].trust = inventory::Trust::kSubnet;
  EXPECT_NE(explain(trusting, "172.16.20.99", "192.168.1.2").find("It arrives"), std::string::npos);
}

TEST(Explain, ContainersOfOneHostNeedNoRoute) {
  EXPECT_EQ(way(load(kCampus), "192.168.1.2", "192.168.1.3"), "192.168.1.2>192.168.1.3");
  EXPECT_EQ(way(load(kCampus), "192.168.1.2", "192.168.1.1"), "192.168.1.2>a");
  EXPECT_EQ(way(load(kCampus), "a", "192.168.1.1"), "");
}

TEST(Explain, AsymmetricWaysAreBothShown) {
  // a's peer is in one of a's segments only, but calls a by its address in the other.
  auto inventory = load(kCampus);
  inventory.hosts[0].addresses.push_back({addr("172.16.20.11"), 1});
  const std::string text = explain(inventory, "172.16.10.20", "172.16.20.11");
  EXPECT_NE(text.find("The way back differs"), std::string::npos) << text;
}

TEST(Explain, SegmentWithoutRouterIsStuck) {
  auto inventory = load(kCampus);
  for (auto& host : inventory.hosts) host.router = false;
  EXPECT_EQ(way(inventory, "172.16.10.99", "192.168.2.2"),
            " stuck: segment vlan100 has no router, so that 172.16.10.99 needs routes of its own");
  EXPECT_EQ(way(inventory, "a", "192.168.3.2"),
            " stuck: a has no route to 192.168.3.2: no router connects its segments with it");
}

TEST(FindEndpoint, KnowsWhatAnAddressIs) {
  const auto inventory = load(kCampus);
  const auto kind = [&](const char* text) { return find_endpoint(inventory, text).kind; };
  EXPECT_EQ(kind("172.16.10.10"), Endpoint::Kind::kHost);
  EXPECT_EQ(kind("192.168.1.1"), Endpoint::Kind::kHost);
  EXPECT_EQ(kind("192.168.1.9"), Endpoint::Kind::kContainer);
  EXPECT_EQ(kind("172.16.10.77"), Endpoint::Kind::kNeighbour);
  EXPECT_EQ(kind("A"), Endpoint::Kind::kHost);
}

TEST(FindEndpoint, UnknownIsAUsageErrorWithASuggestion) {
  const auto inventory = load(kCampus);
  EXPECT_NE(refusal(inventory, "r1a").find("did you mean r1?"), std::string::npos);
  EXPECT_NE(refusal(inventory, "192.0.2.1").find("no bridge subnet and no segment"),
            std::string::npos);
  EXPECT_NE(refusal(inventory, "zzzzzz").find("it has 6 hosts"), std::string::npos);
}

}  // namespace
}  // namespace overland
