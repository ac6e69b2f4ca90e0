// What a [[network]] comes to on each host.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "inventory/inventory.h"
#include "tests_parse.h"

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tests::parsed;

constexpr const char* kSegments = R"(version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "vlan10"
subnet = "172.16.10.0/24"
vlan = 10
)";

// b has an address in the VLAN, a and c have none; r is no host of Docker's.
constexpr const char* kHosts = R"(
[[host]]
name = "a"
slot = 0
address = "10.0.0.1"
bip = "192.168.1.1/24"
[[host]]
name = "b.example.com"
slot = 3
address = ["10.0.0.2", "172.16.10.200"]
parent = "eth0"
bip = "192.168.2.1/24"
[[host]]
name = "c"
slot = 1
address = "10.0.0.4"
bip = "192.168.4.1/24"
[[host]]
name = "r"
router = true
slot = 9
address = ["10.0.0.3", "172.16.10.1"]
)";

Inventory with(const std::string& networks) { return parsed(kSegments + networks + kHosts); }

/// With warnings, but no errors.
Inventory warned(const std::string& networks, const std::string& hosts = kHosts) {
  Loaded loaded = parse(kSegments + networks + hosts);
  if (!loaded.inventory) throw std::runtime_error(render(loaded.diagnostics, "test"));
  return std::move(*loaded.inventory);
}

/// "a 10.0.0.0/24 range … gateway … shim … routed …", what is there.
std::vector<std::string> parts(const Inventory& inventory) {
  std::vector<std::string> result;
  for (const Host& host : inventory.hosts) {
    if (!host.networks) continue;
    for (const HostNetwork& part : *host.networks) {
      std::string text = host.name + " " + part.subnet.to_string();
      if (part.range) text += " range " + part.range->to_string();
      if (part.gateway) text += " gateway " + part.gateway->to_string();
      if (part.shim) text += " shim " + part.shim->to_string();
      if (part.routed) text += " routed " + part.routed->to_string();
      result.push_back(text);
    }
  }
  return result;
}

TEST(ParseNetwork, BridgeHasDefaultsAndTheSubnetsTheFileSays) {
  const Inventory inventory = with(R"([[network]]
name = "web"
driver = "bridge"
subnets = { a = "192.168.110.0/24", "B.example.com" = "192.168.111.0/24" }
)");
  ASSERT_EQ(inventory.networks.size(), 1U);
  const Network& network = inventory.networks[0];
  EXPECT_EQ(network.name, "web");
  EXPECT_EQ(network.driver, model::NetworkDriver::kBridge);
  EXPECT_EQ(network.maker, model::NetworkMaker::kOverland);
  EXPECT_EQ(network.reach, NetworkReach::kCluster);
  EXPECT_EQ(network.gateway, Gateway::kNone);
  EXPECT_EQ(network.link, "br-web");
  EXPECT_EQ(network.shim_link, "");
  EXPECT_FALSE(network.internal);
  EXPECT_THAT(network.join, IsEmpty());
  EXPECT_THAT(network.options, IsEmpty());
  EXPECT_EQ(network.position, (Position{9, 1}));
  EXPECT_THAT(parts(inventory),
              ElementsAre("a 192.168.110.0/24 routed 192.168.110.0/24",
                          "b.example.com 192.168.111.0/24 routed 192.168.111.0/24"));
}

TEST(ParseNetwork, ReadsWhatABridgeMaySay) {
  const Inventory inventory = with(R"([[network]]
name = "web"
driver = "bridge"
link = "web0"
reach = "network"
join = ["docker0", "db"]
options = { "com.docker.network.driver.mtu" = "1400" }
subnets = { a = "192.168.110.0/24" }
[[network]]
name = "db"
driver = "bridge"
manage = "follow"
subnets = { a = "192.168.120.0/24" }
)");
  const Network& web = inventory.networks[0];
  EXPECT_EQ(web.link, "web0");
  EXPECT_EQ(web.reach, NetworkReach::kNetwork);
  EXPECT_THAT(web.join, ElementsAre("docker0", "db"));
  EXPECT_EQ(web.options.at("com.docker.network.driver.mtu"), "1400");
  EXPECT_EQ(inventory.networks[1].maker, model::NetworkMaker::kOthers);
  EXPECT_EQ(inventory.networks[1].link, "");
  ASSERT_EQ(inventory.hosts[0].networks->size(), 2U);
  EXPECT_EQ((*inventory.hosts[0].networks)[1].network, 1U);
}

TEST(ParseNetwork, PoolIsCarvedBySlotForAllDockerHostsThatHaveOne) {
  EXPECT_THAT(parts(warned("[[network]]\nname = \"web\"\ndriver = \"bridge\"\n"
                           "pool = \"192.168.128.0/20\"\nlength = 26\n")),
              ElementsAre("a 192.168.128.0/26 routed 192.168.128.0/26",
                          "b.example.com 192.168.128.192/26 routed 192.168.128.192/26",
                          "c 192.168.128.64/26 routed 192.168.128.64/26"));
}

TEST(ParseNetwork, HostsMayNameOneWithoutBip) {
  EXPECT_THAT(parts(with("[[network]]\nname = \"web\"\ndriver = \"bridge\"\n"
                         "pool = \"192.168.128.0/20\"\nlength = 26\nhosts = [\"R\", \"c\"]\n")),
              ElementsAre("c 192.168.128.64/26 routed 192.168.128.64/26",
                          "r 192.168.130.64/26 routed 192.168.130.64/26"));
}

TEST(ParseNetwork, LastPieceOfAPoolIsOnePieceBeforeItsEnd) {
  const std::string text =
      "[[network]]\nname = \"web\"\ndriver = \"bridge\"\nhosts = [\"b.example.com\"]\n";
  EXPECT_THAT(parts(with(text + "pool = \"192.168.128.0/22\"\nlength = 24\n")),
              ElementsAre("b.example.com 192.168.131.0/24 routed 192.168.131.0/24"));
  EXPECT_FALSE(
      parse(kSegments + text + "pool = \"192.168.128.0/23\"\nlength = 24\n" + kHosts).inventory);
}

TEST(ParseNetwork, InternalBridgeIsRoutedToByNobody) {
  const Inventory inventory = warned(
      "[[network]]\nname = \"web\"\ndriver = \"bridge\"\n"
      "internal = true\nsubnets = { a = \"192.168.110.0/24\" }\n");
  EXPECT_TRUE(inventory.networks[0].internal);
  EXPECT_THAT(parts(inventory), ElementsAre("a 192.168.110.0/24"));
}

TEST(ParseNetwork, MacvlanIsWhereALinkLeadsOrCanLeadIntoItsSegment) {
  const std::string a = "bip = \"192.168.1.1/24\"\n";
  std::string hosts = kHosts;
  hosts.insert(hosts.find(a) + a.size(), "parent = \"eth0\"\n");
  const Inventory inventory = warned(R"([[network]]
name = "mv10"
driver = "macvlan"
segment = "vlan10"
range = "172.16.10.128/25"
range_length = 28
gateway = "router"
shim = true
reserve = ["172.16.10.201", "172.16.10.128"]
)",
                                     hosts);
  const Network& network = inventory.networks[0];
  EXPECT_EQ(network.segment, 1U);
  EXPECT_EQ(network.gateway, Gateway::kRouter);
  EXPECT_TRUE(network.shim);
  EXPECT_EQ(network.shim_link, "ovl-mv10");
  EXPECT_EQ(network.link, "");
  ASSERT_EQ(network.reserve.size(), 2U);
  EXPECT_EQ(network.reserve[0].to_string(), "172.16.10.128");
  EXPECT_THAT(
      parts(inventory),
      ElementsAre("a 172.16.10.0/24 range 172.16.10.128/28 gateway 172.16.10.1 shim 172.16.10.129",
                  "b.example.com 172.16.10.0/24 range 172.16.10.176/28 gateway 172.16.10.1 shim "
                  "172.16.10.176"));
}

TEST(ParseNetwork, RangesBehindShimsAreRoutedToTheirHosts) {
  const Inventory inventory = with(R"([[network]]
name = "own"
driver = "macvlan"
parent = "eth1"
subnet = "172.20.0.0/24"
ranges = { a = "172.20.0.0/28", c = "172.20.0.240/28" }
gateway = "shim"
shim = { c = "172.20.0.254" }
link = "shim0"
)");
  EXPECT_EQ(inventory.networks[0].parent, "eth1");
  EXPECT_EQ(inventory.networks[0].shim_link, "shim0");
  EXPECT_FALSE(inventory.networks[0].segment);
  EXPECT_THAT(parts(inventory),
              ElementsAre("a 172.20.0.0/24 range 172.20.0.0/28 gateway 172.20.0.1 "
                          "shim 172.20.0.1 routed 172.20.0.0/28",
                          "c 172.20.0.0/24 range 172.20.0.240/28 gateway "
                          "172.20.0.254 shim 172.20.0.254 routed "
                          "172.20.0.240/28"));
  const auto subnets = inventory.hosts[0].bridge_subnets();
  ASSERT_EQ(subnets.size(), 2U);
  EXPECT_EQ(subnets[0].to_string(), "192.168.1.0/24");
  EXPECT_EQ(subnets[1].to_string(), "172.20.0.0/28");
}

TEST(ParseNetwork, AHostIsNotTheRouterOfItsOwnMacvlan) {
  const std::string hosts = R"(
[[host]]
name = "r1"
router = true
address = ["10.0.0.1", "172.16.10.1"]
[[host]]
name = "r2"
router = true
address = ["10.0.0.2", "172.16.10.2"]
)";
  const std::string network = R"([[network]]
name = "mv"
driver = "macvlan"
segment = "lan"
ranges = { r1 = "10.0.0.16/28", r2 = "10.0.0.32/28" }
gateway = "router"
)";
  EXPECT_THAT(parts(parsed(kSegments + network + hosts)),
              ElementsAre("r1 10.0.0.0/24 range 10.0.0.16/28 gateway 10.0.0.2",
                          "r2 10.0.0.0/24 range 10.0.0.32/28 gateway 10.0.0.1"));
}

TEST(ParseNetwork, GatewayMayLieInARangeAndBeAHost) {
  for (const std::string gateway : {"router", "172.16.10.1"}) {
    EXPECT_THAT(
        parts(with("[[network]]\nname = \"mv\"\ndriver = \"macvlan\"\n"
                   "segment = \"vlan10\"\ngateway = \"" +
                   gateway + "\"\nranges = { \"b.example.com\" = \"172.16.10.0/30\" }\n")),
        ElementsAre("b.example.com 172.16.10.0/24 range 172.16.10.0/30 gateway 172.16.10.1"));
  }
}

TEST(ParseNetwork, StandsAnywhereInTheFile) {
  const std::string network =
      "\n[[network]]\nname = \"web\"\ndriver = \"bridge\"\nsubnets.a = \"192.168.110.0/24\"\n";
  EXPECT_EQ(parts(parsed(kSegments + network + kHosts)),
            parts(parsed(kSegments + (kHosts + network))));
  EXPECT_THAT(parts(parsed(kSegments + (std::string(kHosts) +
                                        "[[network]]\nname = \"web\"\ndriver = \"bridge\"\n"
                                        "[network.subnets]\na = \"192.168.110.0/24\"\n"))),
              ElementsAre("a 192.168.110.0/24 routed 192.168.110.0/24"));
}

/// Twenty networks on each of `hosts` hosts.
std::string large(std::size_t hosts, bool twice) {
  std::string text = "version = 1\n[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/8\"\n";
  for (std::size_t i = 0; i < 20; ++i) {
    const std::size_t octet = twice ? 0 : i;
    text += "[[network]]\nname = \"n" + std::to_string(i) +
            "\"\ndriver = \"bridge\"\npool = \"172." + std::to_string(16 + octet / 2) + "." +
            (octet % 2 == 0 ? "0" : "128") + ".0/17\"\nlength = 28\n";
  }
  for (std::size_t i = 0; i < hosts; ++i) {
    const std::string number = std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    text += "[[host]]\nname = \"h" + std::to_string(i) + "\"\nslot = " + std::to_string(i) +
            "\naddress = \"10.0." + number + "\"\nbip = \"192.168." + std::to_string(i / 60) + "." +
            std::to_string(i % 60 * 4 + 1) + "/30\"\n";
  }
  return text;
}

TEST(ParseNetwork, AThousandHostsOfTwentyNetworksAreReadInATwinkling) {
  const auto start = std::chrono::steady_clock::now();
  const Inventory inventory = parsed(large(1000, false));
  EXPECT_EQ(inventory.hosts[999].networks->size(), 20U);
  // The same with every piece in fault: told once a pair of pools.
  const Loaded faulty = parse(large(1000, true));
  EXPECT_FALSE(faulty.inventory);
  EXPECT_LE(faulty.diagnostics.size(), 200U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace overland::inventory
