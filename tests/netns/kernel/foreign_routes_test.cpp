#include <sys/mman.h>

#include <cstdint>
#include <fstream>

#include "kernel/routes.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::RouteTable;
using model::ForeignRoute;

class ForeignRoutes : public KernelSandbox {
 protected:
  /// More foreign routes than are ever dumped for a few destinations.
  static void fill_table() {
    std::ofstream batch("/proc/self/fd/" + std::to_string(file_));
    for (int i = 0; i < 8000; ++i) {
      batch << "route add 30." << i / 256 << '.' << i % 256 << ".0/24 via 10.9.0.7 proto bird\n";
    }
    batch.close();
    sh("ip -batch /proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_));
  }

  inline static const int file_ = ::memfd_create("routes", 0);
};

ForeignRoute foreign_route(const std::string& destination, std::uint32_t metric,
                           std::uint8_t protocol, std::vector<std::string> gateways,
                           const std::string& link) {
  return {prefix(destination), metric, protocol, route(destination, gateways, 1).gateways, link};
}

std::vector<ForeignRoute> foreign(const std::vector<std::string>& destinations) {
  std::vector<model::Prefix> prefixes;
  for (const std::string& destination : destinations) prefixes.push_back(prefix(destination));
  return RouteTable().foreign(prefixes);
}

TEST_F(ForeignRoutes, NoneForDestinationsNobodyHolds) {
  RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"}))});
  EXPECT_TRUE(foreign({"10.1.0.0/24", "10.2.0.0/24"}).empty());
  fill_table();
  EXPECT_TRUE(foreign({"10.1.0.0/24", "10.2.0.0/24"}).empty());
}

TEST_F(ForeignRoutes, FindsTheManualRecipe) {
  sh("ip route add 10.1.0.0/24 via 10.9.0.9");
  const std::vector wanted = {foreign_route("10.1.0.0/24", 0, 3, {"10.9.0.9"}, "lan")};
  EXPECT_EQ(foreign({"10.0.0.0/24", "10.1.0.0/24"}), wanted);
  fill_table();
  EXPECT_EQ(foreign({"10.0.0.0/24", "10.1.0.0/24"}), wanted);
}

TEST_F(ForeignRoutes, FindsAMoreSpecificOneAndPassesOverWiderOnes) {
  sh("ip route add 10.1.0.0/26 via 10.9.0.9 proto static metric 5; ip route add default via "
     "10.9.0.8;"
     "ip route add 10.0.0.0/8 via 10.9.0.8");
  const std::vector wanted = {foreign_route("10.1.0.0/26", 5, 4, {"10.9.0.9"}, "lan")};
  EXPECT_EQ(foreign({"10.1.0.0/24", "10.2.0.0/24"}), wanted);
  fill_table();
  EXPECT_EQ(foreign({"10.1.0.0/24", "10.2.0.0/24"}), wanted);
}

TEST_F(ForeignRoutes, FindsMoreSpecificOnesAnywhereWithinADestination) {
  sh("ip route add 10.1.0.128/25 via 10.9.0.9; ip route add 10.2.3.4 via 10.9.0.9; ip route add "
     "10.2.4.0/24 via 10.9.0.9; ip route add 10.3.0.0/24 via 10.9.0.9");
  const std::vector wanted = {foreign_route("10.1.0.128/25", 0, 3, {"10.9.0.9"}, "lan"),
                              foreign_route("10.2.3.4/32", 0, 3, {"10.9.0.9"}, "lan"),
                              foreign_route("10.2.4.0/24", 0, 3, {"10.9.0.9"}, "lan")};
  // A host's own two, bip and previous_bip, may lie in one another.
  EXPECT_EQ(foreign({"10.1.0.0/24", "10.2.0.0/16", "10.2.3.0/24"}), wanted);
}

TEST_F(ForeignRoutes, FindsAComposeNetworkOnTheVerySubnet) {
  sh("ip link add br-x type bridge; ip link set br-x up; ip address add 10.1.0.1/24 dev br-x");
  std::vector wanted = {foreign_route("10.1.0.0/24", 0, 2, {}, "br-x")};
  wanted[0].source = model::Address::parse("10.1.0.1");
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
  fill_table();
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
}

TEST_F(ForeignRoutes, LooksThroughPolicyRulesAndLocalAddresses) {
  fill_table();
  sh("ip route add 10.1.0.0/24 via 10.9.0.9");
  const std::vector wanted = {foreign_route("10.1.0.0/24", 0, 3, {"10.9.0.9"}, "lan")};
  sh("ip rule add pref 100 lookup 77; ip route add default via 10.9.0.8 table 77");
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
  sh("ip rule del pref 100; ip address add 10.1.0.0/32 dev lan");
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
}

TEST_F(ForeignRoutes, OneLookSeesOursBesideThem) {
  const std::vector ours = {route("10.1.0.0/24", {"10.9.0.2"}), route("10.2.0.0/24", {"10.9.0.3"})};
  RouteTable().apply(std::vector{create(ours[1]), create(ours[0])});
  sh("ip route add 10.1.0.0/24 via 10.9.0.9");
  const std::vector theirs = {foreign_route("10.1.0.0/24", 0, 3, {"10.9.0.9"}, "lan")};
  const std::vector destinations = {prefix("10.1.0.0/24"), prefix("10.2.0.0/24")};
  for (const bool large : {false, true}) {
    if (large) fill_table();
    const auto found = RouteTable().look(destinations);
    EXPECT_EQ(found.ours, ours);
    EXPECT_EQ(found.foreign, theirs);
  }
  EXPECT_EQ(RouteTable().look({}).ours, ours);
}

TEST_F(ForeignRoutes, FindsBlackholes) {
  sh("ip route add blackhole 10.1.0.0/24");
  std::vector wanted = {foreign_route("10.1.0.0/24", 0, 3, {}, "")};
  wanted[0].type = 6;  // RTN_BLACKHOLE
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
  fill_table();
  EXPECT_EQ(foreign({"10.1.0.0/24"}), wanted);
}

TEST_F(ForeignRoutes, RemovesExactlyTheOneNamed) {
  sh("ip route add 10.1.0.0/24 via 10.9.0.9; ip route add 10.1.0.0/24 via 10.9.0.8 metric 7;"
     "ip route add 10.1.0.0/24 metric 9 nexthop via 10.9.0.3 nexthop via 10.9.0.2");
  RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"}))});
  const auto found = foreign({"10.1.0.0/24"});
  ASSERT_EQ(found.size(), 3U);
  RouteTable().remove(found[2]);
  EXPECT_EQ(foreign({"10.1.0.0/24"}), (std::vector{found[0], found[1]}));
  RouteTable().remove(found[0]);
  EXPECT_EQ(foreign({"10.1.0.0/24"}), std::vector{found[1]});
  RouteTable().remove(found[0]);
  EXPECT_EQ(foreign({"10.1.0.0/24"}), std::vector{found[1]});
  EXPECT_EQ(RouteTable().read().size(), 1U);
}

TEST_F(ForeignRoutes, NeverRemovesOursUnderAForeignName) {
  RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"}))});
  EXPECT_THROW(RouteTable().remove(foreign_route("10.1.0.0/24", 0, 111, {"10.9.0.2"}, "lan")),
               base::Error);
  RouteTable().remove(foreign_route("10.1.0.0/24", 0, 4, {"10.9.0.2"}, "lan"));
  EXPECT_EQ(RouteTable().read().size(), 1U);
}

TEST_F(ForeignRoutes, ComeBackAsTheyWere) {
  sh("ip route add 10.1.0.0/24 via 10.9.0.9 proto static metric 7 src 10.9.0.1;"
     "ip route add 10.2.0.0/24 dev lan;"
     "ip route add 10.3.0.0/24 nexthop via 10.9.0.8 nexthop via 10.9.0.9;"
     "ip route add unreachable 10.4.0.0/24 metric 9");
  const std::string before = sh("ip -d -4 route show");
  const auto found = foreign({"10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24"});
  ASSERT_EQ(found.size(), 4U);
  for (const auto& one : found) RouteTable().remove(one);
  EXPECT_NE(sh("ip -d -4 route show"), before);
  for (const auto& one : found) RouteTable().restore(one);
  EXPECT_EQ(sh("ip -d -4 route show"), before);
  RouteTable().restore(found[0]);  // there already
  auto gone = found[0];
  gone.link = "gone";
  RouteTable().restore(gone);
  EXPECT_EQ(sh("ip -d -4 route show"), before);
}

TEST_F(ForeignRoutes, OfOurMarkAreFoundInEveryTableAndFamily) {
  RouteTable().apply(std::vector{create(route("10.1.0.0/24", {"10.9.0.2"}))});
  EXPECT_TRUE(RouteTable().remnants().empty()) << "what read() tells";
  sh("ip route add 10.2.0.0/24 via 10.9.0.9 table 77 proto 111;"
     "ip rule add pref 100 lookup 77 proto 111; ip rule add pref 101 lookup 77");
  EXPECT_EQ(RouteTable().remnants(),
            (std::vector<std::string>{"route 10.2.0.0/24 of protocol 111 in table 77",
                                      "IPv4 rule 100 of protocol 111"}));
}

}  // namespace
}  // namespace overland::tests
