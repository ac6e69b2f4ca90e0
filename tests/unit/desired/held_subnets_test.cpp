#include "desired/held_subnets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "desired/derive.h"
#include "desired/graph.h"
#include "desired/path.h"
#include "desired/routes.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using desired::HadSubnets;
using Prefixes = std::vector<model::Prefix>;

struct Bip {
  std::string host;
  std::string bip;
  std::string previous = {};
};

/// Hosts 10.0.0.11, 10.0.0.12, … on one LAN; without `bip` they are plain.
inventory::Inventory lan(const std::vector<Bip>& bips, const std::string& segments = "") {
  std::string text =
      "version = 1\n[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/24\"\n" + segments;
  int number = 11;
  for (const auto& [host, bip, previous] : bips) {
    text += "[[host]]\nname = \"" + host + "\"\naddress = \"10.0.0." + std::to_string(number++) +
            "\"\n";
    if (!bip.empty()) text += "bip = \"" + bip + "\"\n";
    if (!previous.empty()) text += "previous_bip = \"" + previous + "\"\n";
  }
  return load(text);
}

std::vector<HadSubnets> held(const inventory::Inventory& inventory) {
  std::vector<HadSubnets> result;
  for (const auto& host : inventory.hosts) {
    if (host.held) result.push_back({host.name, *host.held});
  }
  return result;
}

std::vector<HadSubnets> hold(inventory::Inventory& inventory,
                             const std::vector<HadSubnets>& applied,
                             const std::vector<HadSubnets>& before = {}) {
  desired::hold_subnets(inventory, applied, before);
  return held(inventory);
}

using Held = std::vector<HadSubnets>;
const Held kBefore = {{"a", {net("192.168.1.0/24")}}, {"b", {net("192.168.2.0/24")}}};

TEST(HeldSubnets, AreWhatAHostHadBeforeItsBipChanged) {
  auto now = lan({{"a", "192.168.1.1/24"}, {"b", "192.168.9.1/24"}});
  EXPECT_EQ(hold(now, kBefore), (Held{{"b", {net("192.168.2.0/24")}}}));
}

TEST(HeldSubnets, AreNoneWhereNothingChangedOrWithinTheSubnetOnly) {
  auto now = lan({{"a", "192.168.1.1/24"}, {"b", "192.168.2.254/24"}});
  EXPECT_EQ(hold(now, kBefore), Held{});
  EXPECT_EQ(hold(now, {}), Held{});
}

TEST(HeldSubnets, AreAllOfSeveralChanges) {
  auto now = lan({{"a", "192.168.1.1/24"}, {"b", "192.168.10.1/24"}});
  const Held once = {{"a", {net("192.168.1.0/24")}}, {"b", {net("192.168.9.0/24")}}};
  EXPECT_EQ(hold(now, once, {{"b", {net("192.168.2.0/24")}}}),
            (Held{{"b", {net("192.168.2.0/24"), net("192.168.9.0/24")}}}));
}

TEST(HeldSubnets, OfABipThatIsTakenBackAreTheOneBetween) {
  auto now = lan({{"a", "192.168.1.1/24"}, {"b", "192.168.2.1/24"}});
  const Held once = {{"a", {net("192.168.1.0/24")}}, {"b", {net("192.168.9.0/24")}}};
  EXPECT_EQ(hold(now, once, {{"b", {net("192.168.2.0/24")}}}),
            (Held{{"b", {net("192.168.9.0/24")}}}));
}

TEST(HeldSubnets, AreNotOfAHostThatWentOrHasNoBipAnyMore) {
  auto gone = lan({{"a", "192.168.1.1/24"}});
  EXPECT_EQ(hold(gone, kBefore, {{"b", {net("192.168.7.0/24")}}}), Held{});
  auto plain = lan({{"a", "192.168.1.1/24"}, {"b", ""}});
  EXPECT_EQ(hold(plain, kBefore, {{"b", {net("192.168.7.0/24")}}}), Held{});
}

TEST(HeldSubnets, AreNotWhatAnotherHostHasNow) {
  auto swapped = lan({{"a", "192.168.2.1/24"}, {"b", "192.168.1.1/24"}});
  EXPECT_EQ(hold(swapped, kBefore), Held{});
  auto wider = lan({{"a", "192.168.2.1/23"}, {"b", "192.168.9.1/24"}});
  EXPECT_EQ(hold(wider, kBefore), (Held{{"a", {net("192.168.1.0/24")}}}));
  auto within = lan({{"a", "192.168.2.129/25"}, {"b", "192.168.9.1/24"}});
  EXPECT_EQ(hold(within, kBefore), (Held{{"a", {net("192.168.1.0/24")}}}));
  auto previous = lan({{"a", "192.168.3.1/24", "192.168.2.1/24"}, {"b", "192.168.9.1/24"}});
  EXPECT_EQ(hold(previous, kBefore), (Held{{"a", {net("192.168.1.0/24")}}}));
}

TEST(HeldSubnets, AreNotWhatIsInASegmentNow) {
  auto now = lan({{"a", "192.168.1.1/24"}, {"b", "192.168.9.1/24"}},
                 "[[segment]]\nname = \"new\"\nsubnet = \"192.168.2.64/26\"\n");
  EXPECT_EQ(hold(now, kBefore), Held{});
}

TEST(HeldSubnets, AreTheRestWhereTheNewOneIsAPartAndNoneWhereItIsMore) {
  auto narrower = lan({{"a", "192.168.1.1/25"}});
  EXPECT_EQ(hold(narrower, kBefore), (Held{{"a", {net("192.168.1.0/24")}}}));
  auto wider = lan({{"a", "192.168.1.1/23"}});
  EXPECT_EQ(hold(wider, {{"a", {net("192.168.1.0/24")}}}), Held{});
}

TEST(HeldSubnets, EndWithPreviousBip) {
  const Held during = {{"a", {net("192.168.9.0/24"), net("192.168.1.0/24")}}};
  auto now = lan({{"a", "192.168.9.1/24", "192.168.1.1/24"}});
  EXPECT_EQ(hold(now, kBefore, {{"a", {net("192.168.1.0/24")}}}), Held{});
  auto over = lan({{"a", "192.168.9.1/24"}});
  EXPECT_EQ(hold(over, during), Held{});
  auto on = lan({{"a", "192.168.10.1/24", "192.168.9.1/24"}});
  EXPECT_EQ(hold(on, during), Held{});
  auto careless = lan({{"a", "192.168.10.1/24"}});
  EXPECT_EQ(hold(careless, during), (Held{{"a", {net("192.168.1.0/24"), net("192.168.9.0/24")}}}));
}

TEST(HeldSubnets, FollowAHostThatIsRenamed) {
  const Held once = {{"a", {net("192.168.1.0/24")}}, {"b", {net("192.168.9.0/24")}}};
  const Held before = {{"b", {net("192.168.2.0/24")}}};
  auto renamed = lan({{"a", "192.168.1.1/24"}, {"new", "192.168.9.1/24"}});
  EXPECT_EQ(hold(renamed, once, before), (Held{{"new", {net("192.168.2.0/24")}}}));
  auto capitals = lan({{"a", "192.168.1.1/24"}, {"B", "192.168.9.1/24"}});
  EXPECT_EQ(hold(capitals, once, before), (Held{{"B", {net("192.168.2.0/24")}}}));
  auto taken_over = lan({{"a", "192.168.9.1/24"}});
  EXPECT_EQ(hold(taken_over, once, before), (Held{{"a", {net("192.168.1.0/24")}}}));
}

TEST(HeldSubnets, NeverStandTwiceWhateverTheMemorySays) {
  auto now = lan({{"a", "192.168.8.1/24"}, {"b", "192.168.9.1/24"}});
  const Held twice = {{"a", {net("192.168.1.0/24"), net("192.168.1.0/25")}},
                      {"b", {net("192.168.1.0/24")}}};
  EXPECT_EQ(hold(now, kBefore, twice),
            (Held{{"a", {net("192.168.1.0/24")}}, {"b", {net("192.168.2.0/24")}}}));
}

class Derived : public ::testing::Test {
 protected:
  Derived() : now(lan({{"a", "192.168.1.1/24"}, {"b", "192.168.9.1/24"}})) { hold(now, kBefore); }
  inventory::Inventory now;
};

TEST_F(Derived, PeersKeepRouteAndTrust) {
  const auto state = desired::derive(now, now.hosts[0], running_docker());
  for (const char* subnet : {"192.168.2.0/24", "192.168.9.0/24"}) {
    const auto wanted = route(subnet, {"10.0.0.12"});
    EXPECT_EQ(std::count(state.routes.begin(), state.routes.end(), wanted), 1) << subnet;
  }
  EXPECT_EQ(state.firewall->peer_subnets, (Prefixes{net("192.168.2.0/24"), net("192.168.9.0/24")}));
  EXPECT_EQ(desired::fallback_routes(now).size(), 3U);
}

TEST_F(Derived, OnTheHostItselfItIsLocalWhileItsBridgeHasIt) {
  const auto local = [&](const char* live) {
    auto facts = running_docker();
    facts.links = {link("docker0", {live})};
    return desired::derive(now, now.hosts[1], facts).firewall->local;
  };
  EXPECT_EQ(local("192.168.2.1/24"), (Prefixes{net("192.168.2.0/24"), net("192.168.9.0/24")}));
  EXPECT_EQ(local("192.168.9.1/24"), Prefixes{net("192.168.9.0/24")});
  EXPECT_EQ(local("172.17.0.1/16"), Prefixes{net("192.168.9.0/24")});
}

TEST_F(Derived, GraphsAndPathsSayWhatIsHeld) {
  EXPECT_EQ(desired::host_lines(now, now.hosts[1]),
            (std::vector<std::string>{"b", "192.168.9.0/24", "192.168.2.0/24 (held)"}));
  try {
    desired::find_endpoint(now, "192.168.2.7");
    ADD_FAILURE() << "no way there is planned";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("that b had before its bip changed"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace overland
