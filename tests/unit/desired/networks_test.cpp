// Docker networks as one host shall have them, and what of them does not fit it.

#include "desired/networks.h"

#include <gtest/gtest.h>

#include "desired/derive.h"
#include "unit/desired/campus.h"
#include "unit/networks.h"

namespace overland {
namespace {

using namespace tests;
using desired::network_misfits;

class DesiredNetworks : public ::testing::Test {
 protected:
  DesiredNetworks() { facts.docker.networks_known = true; }

  void add(inventory::Network network, inventory::HostNetwork here) {
    here.network = inventory.networks.size();
    inventory.networks.push_back(std::move(network));
    auto& host = inventory.hosts[0];
    if (!host.networks) host.networks = std::vector<inventory::HostNetwork>{};
    host.networks->push_back(here);
  }
  std::vector<model::Network> networks() const {
    return desired::networks(inventory, inventory.hosts[0], facts);
  }
  desired::NetworkMisfits misfits() const {
    return network_misfits(desired::derive(inventory, inventory.hosts[0], facts), facts);
  }
  static inventory::HostNetwork part(const char* subnet) {
    inventory::HostNetwork here;
    here.subnet = net(subnet);
    return here;
  }
  static inventory::Network macvlan_of(const std::string& name) {
    inventory::Network network;
    network.name = name;
    network.driver = model::NetworkDriver::kMacvlan;
    return network;
  }

  inventory::Inventory inventory = load(kTwoHosts);
  model::HostFacts facts = running_docker();
};

TEST_F(DesiredNetworks, AreNoneByDefault) { EXPECT_TRUE(networks().empty()); }

TEST_F(DesiredNetworks, ABridgeHasItsLinkAndComesByName) {
  inventory::Network network;
  network.name = "web";
  network.link = "br-web";
  add(network, part("192.168.111.0/24"));
  network.name = "app";
  network.link = "br-app";
  add(network, part("192.168.110.0/24"));
  const std::vector expected = {bridge("app", "192.168.110.0/24"),
                                bridge("web", "192.168.111.0/24")};
  EXPECT_EQ(networks(), expected);
  EXPECT_TRUE(misfits().findings.empty());
}

TEST_F(DesiredNetworks, ItsParentIsTheLinkOfItsSegment) {
  auto network = macvlan_of("lan");
  network.segment = 0;
  network.reserve = {addr("10.0.0.210"), addr("10.0.0.1"), addr("10.0.0.209")};
  auto here = part("10.0.0.0/24");
  here.range = net("10.0.0.208/28");
  here.gateway = addr("10.0.0.1");
  here.shim = addr("10.0.0.209");
  add(network, here);
  auto expected = macvlan("lan", "10.0.0.0/24", "eth0");
  expected.range = net("10.0.0.208/28");
  expected.gateway = addr("10.0.0.1");
  expected.reserved = {addr("10.0.0.209"), addr("10.0.0.210")};
  EXPECT_EQ(networks(), std::vector{expected});
  EXPECT_TRUE(misfits().findings.empty());
}

TEST_F(DesiredNetworks, WithoutAnAddressThereItIsTheLinkOfTheVlan) {
  inventory::Segment segment = inventory.segments[0];
  segment.name = "vlan10";
  segment.vlan = 10;
  inventory.segments.push_back(segment);
  inventory.hosts[0].parent = "eth0";
  auto network = macvlan_of("mv10");
  network.segment = inventory.segments.size() - 1;
  add(network, part("172.16.10.0/24"));
  EXPECT_EQ(networks().at(0).parent, "eth0.10");
  facts.links.push_back(link("lan10", {}));
  facts.links.back().vlan = 10;
  facts.links.back().parent = "eth0";
  EXPECT_EQ(networks().at(0).parent, "lan10") << "somebody else's";
}

TEST_F(DesiredNetworks, AMissingParentIsToldAndTheNetworkWaits) {
  auto network = macvlan_of("mv");
  network.parent = "eth7";
  add(network, part("172.16.10.0/24"));
  EXPECT_EQ(misfits().names, std::vector<std::string>{"mv"});
  ASSERT_EQ(misfits().findings.size(), 1U);
  EXPECT_EQ(misfits().findings[0].severity, model::Severity::kMisfit);
  EXPECT_NE(misfits().findings[0].message.find("eth7"), std::string::npos);
}

TEST_F(DesiredNetworks, ABridgeOfTheLanIsNotGivenToDocker) {
  inventory::Network network;
  network.name = "lan";
  network.link = "br-lan";
  add(network, part("192.168.111.0/24"));
  facts.links.push_back(link("br-lan", {"192.168.7.1/24"}));
  facts.links.back().bridge = facts.links.back().wired = true;
  const auto found = misfits();
  ASSERT_EQ(found.names, std::vector<std::string>{"lan"});
  EXPECT_EQ(found.findings[0].message,
            "a link br-lan is there that is no bridge of Docker's, and Docker would use it");
  facts.links.back().wired = false;
  EXPECT_TRUE(misfits().names.empty());
}

TEST_F(DesiredNetworks, TwoOnOneParentNeedDocker28) {
  for (const char* name : {"mv1", "mv2"}) {
    auto network = macvlan_of(name);
    network.parent = "eth0";
    add(network, part("172.16.10.0/24"));
  }
  EXPECT_EQ(misfits().names, std::vector<std::string>{"mv2"});
  facts.docker.version = "28.5.2";
  EXPECT_TRUE(misfits().names.empty());
  facts.docker.version.clear();
  facts.docker.networks_known = false;
  EXPECT_TRUE(misfits().names.empty()) << "nobody knows";
}

TEST_F(DesiredNetworks, OptionsThatDockerWouldIgnoreAreTold) {
  const std::string prefix = "com.docker.network.bridge.";
  const auto waits = [&](const std::string& option, const char* value, const char* version) {
    inventory.networks.clear();
    inventory.hosts[0].networks = std::nullopt;
    inventory::Network network;
    network.name = "app";
    network.options = {{option, value}};
    add(network, part("192.168.110.0/24"));
    facts.docker.version = version;
    return !misfits().names.empty();
  };
  EXPECT_FALSE(waits(prefix + "enable_icc", "false", "20.10.24"));
  EXPECT_TRUE(waits(prefix + "gateway_mode_ipv4", "routed", "26.1.5"));
  EXPECT_FALSE(waits(prefix + "gateway_mode_ipv4", "routed", "27.0.1"));
  EXPECT_TRUE(waits(prefix + "gateway_mode_ipv4", "nat-unprotected", "27.5.1"));
  EXPECT_FALSE(waits(prefix + "gateway_mode_ipv4", "nat-unprotected", "28.0.0"));
  EXPECT_TRUE(waits(prefix + "trusted_host_interfaces", "eth0", "28.1.1"));
  EXPECT_TRUE(waits(prefix + "enable_icq", "false", "28.5.2"));
}

}  // namespace
}  // namespace overland
