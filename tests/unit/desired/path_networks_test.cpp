// Paths from and to containers on declared networks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "desired/graph.h"
#include "desired/path.h"
#include "unit/desired/campus.h"
#include "unit/desired/way.h"

namespace overland {
namespace {

using desired::find_endpoint;
using desired::find_path;
using ::testing::HasSubstr;
using namespace tests;

constexpr const char* kNetworks = R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "vlan10"
subnet = "172.16.10.0/24"
vlan = 10
[[network]]
name = "shop"
driver = "bridge"
subnets = { a = "10.110.1.0/24", b = "10.110.2.0/24" }
join = "docker0"
[[network]]
name = "store"
driver = "bridge"
subnets = { a = "10.111.1.0/24", b = "10.111.2.0/24" }
reach = "network"
[[network]]
name = "mv10"
driver = "macvlan"
segment = "vlan10"
ranges = { a = "172.16.10.16/28", b = "172.16.10.32/28" }
gateway = "router"
[[network]]
name = "shimmed"
driver = "macvlan"
parent = "eth1"
subnet = "172.20.0.0/24"
ranges = { a = "172.20.0.16/28", b = "172.20.0.32/28" }
gateway = "shim"
[[host]]
name = "a"
address = "10.0.0.1"
bip = "10.100.1.1/24"
parent = "eth0"
[[host]]
name = "b"
address = "10.0.0.2"
bip = "10.100.2.1/24"
parent = "eth0"
[[host]]
name = "r"
router = true
address = ["10.0.0.254", "172.16.10.254"]
)";

class Networks : public ::testing::Test {
 protected:
  inventory::Inventory inventory = load(kNetworks);
  std::string go(const char* source, const char* destination) const {
    return way(inventory, source, destination);
  }
};

TEST_F(Networks, AnAddressInOneIsAContainerThere) {
  const auto shown = [&](const char* text) {
    return desired::show(inventory, find_endpoint(inventory, text));
  };
  EXPECT_EQ(shown("10.110.2.7"), "container 10.110.2.7 of shop on b");
  EXPECT_EQ(shown("10.110.2.1"), "b (10.110.2.1)");
  EXPECT_EQ(shown("172.16.10.20"), "container 172.16.10.20 of mv10 on a");
  EXPECT_EQ(shown("172.16.10.99"), "172.16.10.99 in segment vlan10");
  EXPECT_EQ(shown("172.20.0.16"), "a (172.20.0.16)");
  EXPECT_EQ(shown("172.20.0.40"), "container 172.20.0.40 of shimmed on b");
}

TEST_F(Networks, BridgesAreReachedAsDocker0Is) {
  EXPECT_EQ(go("10.110.1.7", "10.110.2.7"), "10.110.1.7>a>b>10.110.2.7");
  EXPECT_EQ(go("10.100.1.7", "10.110.2.7"), "10.100.1.7>a>b>10.110.2.7");
  EXPECT_EQ(go("10.110.1.7", "10.110.1.8"), "10.110.1.7>10.110.1.8");
  EXPECT_EQ(go("a", "10.110.1.8"), "a>10.110.1.8");
  EXPECT_EQ(go("10.110.1.8", "10.110.1.1"), "10.110.1.8>a");
}

TEST_F(Networks, TheWayNamesTheNetworkAndItsLink) {
  const auto from = find_endpoint(inventory, "10.100.1.7");
  const auto path = find_path(inventory, from, find_endpoint(inventory, "10.110.2.7", from));
  ASSERT_EQ(path.stages.size(), 3U);
  EXPECT_THAT(path.stages[1].why, HasSubstr("10.110.2.0/24 is the subnet of shop on b"));
  EXPECT_EQ(path.stages[2].medium, "bridge br-shop");
}

TEST_F(Networks, BridgesOfOneHostAreApartUnlessJoined) {
  EXPECT_EQ(go("10.100.1.7", "10.110.1.7"), "10.100.1.7>a>10.110.1.7");
  EXPECT_EQ(go("10.110.1.7", "10.100.1.7"), "10.110.1.7>a>10.100.1.7");
  EXPECT_THAT(go("10.110.1.7", "10.111.1.7"), HasSubstr("refused: a keeps its bridges apart"));
  EXPECT_THAT(go("10.111.1.7", "10.100.1.7"),
              HasSubstr("join = [\"docker0\"] of network store would let it in"));
}

TEST_F(Networks, ReachOfANetworkIsItsNamesakes) {
  EXPECT_EQ(go("10.111.1.7", "10.111.2.7"), "10.111.1.7>a>b>10.111.2.7");
  EXPECT_THAT(go("10.100.1.7", "10.111.2.7"), HasSubstr("refused: network store has reach"));
  EXPECT_THAT(go("a", "10.111.2.7"), HasSubstr("refused: network store has reach"));
  EXPECT_EQ(go("a", "10.111.1.7"), "a>10.111.1.7");
}

TEST_F(Networks, MacvlanIsOnItsSegment) {
  EXPECT_EQ(go("172.16.10.20", "172.16.10.40"), "172.16.10.20>172.16.10.40");
  EXPECT_EQ(go("10.100.2.7", "172.16.10.20"), "10.100.2.7>b>r>172.16.10.20");
  EXPECT_EQ(go("172.16.10.20", "10.100.2.7"), "172.16.10.20>r>b>10.100.2.7");
}

TEST_F(Networks, MacvlanWithoutAShimIsApartFromItsHost) {
  EXPECT_THAT(go("a", "172.16.10.20"), HasSubstr("stuck: macvlan keeps a from its own"));
  EXPECT_THAT(go("172.16.10.20", "10.0.0.1"), HasSubstr("stuck: macvlan keeps containers"));
}

TEST_F(Networks, ARangeBehindAShimLeadsToItsHost) {
  EXPECT_EQ(go("10.100.2.7", "172.20.0.20"), "10.100.2.7>b>a>172.20.0.20");
  EXPECT_EQ(go("172.20.0.20", "10.100.2.7"), "172.20.0.20>a>b>10.100.2.7");
  EXPECT_EQ(go("172.20.0.20", "172.20.0.40"), "172.20.0.20>172.20.0.40");
  EXPECT_EQ(go("a", "172.20.0.20"), "a>172.20.0.20");
}

TEST_F(Networks, AnotherRouterIsNotOursToFollow) {
  inventory.networks[2].gateway = inventory::Gateway::kAddress;
  for (auto& host : inventory.hosts) {
    if (host.networks) (*host.networks)[2].gateway = addr("172.16.10.1");
  }
  EXPECT_EQ(go("172.16.10.20", "10.100.2.7"),
            " stuck: the gateway of network mv10 is no host of the inventory");
}

TEST_F(Networks, InternalOnesAreLeftByNobody) {
  inventory.networks[0].internal = true;
  EXPECT_THAT(go("10.110.1.7", "10.100.2.7"), HasSubstr("stuck: network shop is internal"));
  EXPECT_EQ(go("10.110.1.7", "10.110.1.8"), "10.110.1.7>10.110.1.8");
}

TEST_F(Networks, AnAddressOutsideOfAllSegmentsHasNoWay) {
  inventory.networks[3].gateway = inventory::Gateway::kAddress;
  for (auto& host : inventory.hosts) {
    if (host.networks) (*host.networks)[3].routed = std::nullopt;
  }
  EXPECT_THROW(find_endpoint(inventory, "172.20.0.20"), base::Error);
}

TEST_F(Networks, GraphsDrawHostsIntoSegmentsThatOnlyContainersAreIn) {
  EXPECT_THAT(desired::draw_dot(inventory),
              HasSubstr("  h0 -- s1 [label=\"mv10\", style=dashed];\n"));
  EXPECT_THAT(desired::draw_mermaid(inventory), HasSubstr("  h1 -.-|\"mv10\"| w1\n"));
  inventory.hosts[0].addresses.push_back({addr("172.16.10.1"), 1});
  EXPECT_EQ(desired::draw_dot(inventory).find("h0 -- s1 [label=\"mv10\""), std::string::npos);
}

TEST_F(Networks, GraphsNameThem) {
  EXPECT_EQ(
      desired::host_lines(inventory, inventory.hosts[0]),
      (std::vector<std::string>{"a", "10.100.1.0/24", "10.110.1.0/24 shop", "10.111.1.0/24 store",
                                "172.16.10.16/28 mv10", "172.20.0.16/28 shimmed"}));
}

}  // namespace
}  // namespace overland
