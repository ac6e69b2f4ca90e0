#include "desired/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "inventory/topology.h"

namespace overland::desired {
namespace {

using ::testing::ElementsAre;

inventory::Inventory parsed(const std::string& text) {
  inventory::Loaded loaded = inventory::parse("version = 1\n" + text);
  EXPECT_TRUE(loaded.inventory) << inventory::render(loaded.diagnostics, "test");
  return loaded.inventory.value_or(inventory::Inventory());
}

std::string segment(const std::string& name, const std::string& subnet) {
  return "[[segment]]\nname = \"" + name + "\"\nsubnet = \"" + subnet + "\"\n";
}

/// `addresses` and `rest` as TOML.
std::string host(const std::string& name, const std::string& addresses,
                 const std::string& rest = "") {
  return "[[host]]\nname = \"" + name + "\"\naddress = " + addresses + "\n" + rest + "\n";
}

std::string bip(int number) { return "bip = \"192.168." + std::to_string(number) + ".1/24\"\n"; }

constexpr const char* kRouter = "router = true\n";

/// "192.168.2.0/24 via 10.0.0.2", in order of destination, of the host named so.
std::vector<std::string> shown(const inventory::Inventory& inventory, const std::string& name) {
  std::vector<std::string> result;
  for (const auto& route : routes(inventory, inventory::find_host(inventory, name, "", {}))) {
    EXPECT_EQ(route.metric, model::route_metric(route.destination));
    std::string line = route.destination.to_string() + " via";
    for (const auto& gateway : route.gateways) line += " " + gateway.to_string();
    result.push_back(line);
  }
  return result;
}

TEST(DesiredRoutes, PeersInASharedSegmentAreTheirOwnNextHops) {
  const auto inventory =
      parsed(segment("lan", "10.0.0.0/24") + host("a", "\"10.0.0.1\"", bip(1)) +
             host("b", "\"10.0.0.2\"", bip(2)) + host("c", "\"10.0.0.3\"", bip(3)));
  EXPECT_THAT(shown(inventory, "a"),
              ElementsAre("192.168.2.0/24 via 10.0.0.2", "192.168.3.0/24 via 10.0.0.3"));
}

TEST(DesiredRoutes, PreviousBipIsRoutedTooButNotOnItsOwnHost) {
  const auto inventory =
      parsed(segment("lan", "10.0.0.0/24") + host("a", "\"10.0.0.1\"", bip(1)) +
             host("b", "\"10.0.0.2\"", bip(2) + "previous_bip = \"172.20.1.1/24\"\n"));
  EXPECT_THAT(shown(inventory, "a"),
              ElementsAre("172.20.1.0/24 via 10.0.0.2", "192.168.2.0/24 via 10.0.0.2"));
  EXPECT_THAT(shown(inventory, "b"), ElementsAre("192.168.1.0/24 via 10.0.0.1"));
}

TEST(DesiredRoutes, HostsWithoutBridgeSubnetHaveRoutesButAreNoDestination) {
  const auto inventory = parsed(segment("lan", "10.0.0.0/24") + host("a", "\"10.0.0.1\"", bip(1)) +
                                host("plain", "\"10.0.0.2\""));
  EXPECT_THAT(shown(inventory, "a"), ElementsAre());
  EXPECT_THAT(shown(inventory, "plain"), ElementsAre("192.168.1.0/24 via 10.0.0.1"));
}

TEST(DesiredRoutes, TwoVlansAndARouter) {
  const auto inventory =
      parsed(segment("v100", "172.16.10.0/24") + segment("v200", "172.16.20.0/24") +
             host("host1", "\"172.16.10.11\"", bip(1)) + host("host2", "\"172.16.20.12\"", bip(2)) +
             host("host3", "[\"172.16.10.1\", \"172.16.20.1\"]", kRouter));
  EXPECT_THAT(shown(inventory, "host1"),
              ElementsAre("172.16.20.0/24 via 172.16.10.1", "192.168.2.0/24 via 172.16.10.1"));
  EXPECT_THAT(shown(inventory, "host3"),
              ElementsAre("192.168.1.0/24 via 172.16.10.11", "192.168.2.0/24 via 172.16.20.12"));
}

TEST(DesiredRoutes, ARouterMayRunDocker) {
  const auto inventory =
      parsed(segment("one", "10.1.0.0/24") + segment("two", "10.2.0.0/24") +
             host("a", "\"10.1.0.1\"", bip(1)) + host("b", "\"10.2.0.1\"", bip(2)) +
             host("r", "[\"10.2.0.9\", \"10.1.0.9\"]", kRouter + bip(9)));
  EXPECT_THAT(shown(inventory, "a"),
              ElementsAre("10.2.0.0/24 via 10.1.0.9", "192.168.2.0/24 via 10.1.0.9",
                          "192.168.9.0/24 via 10.1.0.9"));
}

const std::string kChain = segment("s1", "10.1.0.0/24") + segment("s2", "10.2.0.0/24") +
                           segment("s3", "10.3.0.0/24") + segment("s4", "10.4.0.0/24") +
                           host("a", "\"10.1.0.1\"", bip(1)) + host("z", "\"10.4.0.1\"", bip(4)) +
                           host("r12", "[\"10.1.0.9\", \"10.2.0.9\"]", kRouter) +
                           host("r23", "[\"10.2.0.8\", \"10.3.0.8\"]", kRouter) +
                           host("r34", "[\"10.3.0.7\", \"10.4.0.7\"]", kRouter);

TEST(DesiredRoutes, ChainOfRouters) {
  const auto inventory = parsed(kChain);
  EXPECT_THAT(shown(inventory, "a"),
              ElementsAre("10.2.0.0/24 via 10.1.0.9", "10.3.0.0/24 via 10.1.0.9",
                          "10.4.0.0/24 via 10.1.0.9", "192.168.4.0/24 via 10.1.0.9"));
  EXPECT_THAT(shown(inventory, "r23"),
              ElementsAre("10.1.0.0/24 via 10.2.0.9", "10.4.0.0/24 via 10.3.0.7",
                          "192.168.1.0/24 via 10.2.0.9", "192.168.4.0/24 via 10.3.0.7"));
}

TEST(Topology, PathNamesEveryHop) {
  const auto inventory = parsed(kChain);
  const inventory::Topology topology(inventory);
  const auto path = topology.path(0, 1);
  ASSERT_TRUE(path);
  const auto address = [](const char* text) { return *model::Address::parse(text); };
  EXPECT_THAT(*path, ElementsAre(inventory::Hop{2, address("10.1.0.9"), 0},
                                 inventory::Hop{3, address("10.2.0.8"), 1},
                                 inventory::Hop{4, address("10.3.0.7"), 2},
                                 inventory::Hop{1, address("10.4.0.1"), 3}));
  EXPECT_THAT(*topology.path(0, 0), ElementsAre());
}

const std::string kTwoRouters = segment("one", "10.1.0.0/24") + segment("two", "10.2.0.0/24") +
                                host("a", "\"10.1.0.1\"", bip(1)) +
                                host("b", "\"10.2.0.1\"", bip(2)) +
                                host("first", "[\"10.1.0.9\", \"10.2.0.9\"]", kRouter) +
                                host("second", "[\"10.1.0.8\", \"10.2.0.8\"]", kRouter);

TEST(DesiredRoutes, EqualRoutersTheFirstOfTheInventory) {
  EXPECT_THAT(shown(parsed(kTwoRouters), "a"),
              ElementsAre("10.2.0.0/24 via 10.1.0.9", "192.168.2.0/24 via 10.1.0.9"));
}

TEST(DesiredRoutes, EqualRoutersAllOfThemWithEcmpSorted) {
  EXPECT_THAT(
      shown(parsed(kTwoRouters + "[cluster]\necmp = true\n"), "a"),
      ElementsAre("10.2.0.0/24 via 10.1.0.8 10.1.0.9", "192.168.2.0/24 via 10.1.0.8 10.1.0.9"));
}

const std::string kTwoHomed = segment("one", "10.1.0.0/24") + segment("two", "10.2.0.0/24") +
                              host("a", "[\"10.2.0.1\", \"10.1.0.1\"]", bip(1)) +
                              host("b", "[\"10.1.0.2\", \"10.2.0.2\"]", bip(2));

TEST(DesiredRoutes, OfSeveralSharedSegmentsTheFirstOfThisHost) {
  EXPECT_THAT(shown(parsed(kTwoHomed), "a"), ElementsAre("192.168.2.0/24 via 10.2.0.2"));
  EXPECT_THAT(shown(parsed(kTwoHomed), "b"), ElementsAre("192.168.1.0/24 via 10.1.0.1"));
}

TEST(DesiredRoutes, OfSeveralSharedSegmentsAllWithEcmp) {
  EXPECT_THAT(shown(parsed(kTwoHomed + "[cluster]\necmp = true\n"), "a"),
              ElementsAre("192.168.2.0/24 via 10.1.0.2 10.2.0.2"));
}

TEST(DesiredRoutes, TwoAddressesInOneSegmentAreOnePath) {
  const auto inventory =
      parsed(segment("lan", "10.0.0.0/24") + host("a", "\"10.0.0.1\"", bip(1)) +
             host("b", "[\"10.0.0.2\", \"10.0.0.3\"]", bip(2)) + "[cluster]\necmp = true\n");
  EXPECT_THAT(shown(inventory, "a"), ElementsAre("192.168.2.0/24 via 10.0.0.2"));
}

TEST(DesiredRoutes, AMultiHomedPeerIsReachedByItsNearestLeg) {
  const auto inventory = parsed(segment("s1", "10.1.0.0/24") + segment("s2", "10.2.0.0/24") +
                                segment("s3", "10.3.0.0/24") + host("a", "\"10.1.0.1\"", bip(1)) +
                                host("p", "[\"10.3.0.2\", \"10.2.0.2\"]", bip(2)) +
                                host("far", "[\"10.2.0.9\", \"10.3.0.9\"]", kRouter) +
                                host("near", "[\"10.1.0.8\", \"10.2.0.8\"]", kRouter));
  EXPECT_THAT(shown(inventory, "a"),
              ElementsAre("10.2.0.0/24 via 10.1.0.8", "10.3.0.0/24 via 10.1.0.8",
                          "192.168.2.0/24 via 10.1.0.8"));
  EXPECT_THAT(shown(inventory, "near"),
              ElementsAre("10.3.0.0/24 via 10.2.0.9", "192.168.1.0/24 via 10.1.0.1",
                          "192.168.2.0/24 via 10.2.0.2"));
}

TEST(DesiredRoutes, AHostThatIsNoRouterIsNeverPassedThrough) {
  const auto inventory =
      parsed(segment("one", "10.1.0.0/24") + segment("two", "10.2.0.0/24") +
             segment("three", "10.3.0.0/24") + host("a", "\"10.1.0.1\"", bip(1)) +
             host("mid", "[\"10.1.0.5\", \"10.2.0.5\"]", bip(5)) + host("b", "\"10.2.0.1\""));
  EXPECT_THAT(shown(inventory, "a"), ElementsAre("192.168.5.0/24 via 10.1.0.5"));
  EXPECT_THAT(shown(inventory, "b"), ElementsAre("192.168.5.0/24 via 10.2.0.5"));
}

}  // namespace
}  // namespace overland::desired
