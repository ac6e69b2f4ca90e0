// inventory.toml → desired state, on machines of which certain facts are true.

#include "desired/derive.h"

#include <gtest/gtest.h>

#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;

const char* const kTwoVlans = R"(
version = 1
[[segment]]
name = "vlan100"
subnet = "172.16.10.0/24"
vlan = 100
[[segment]]
name = "vlan200"
subnet = "172.16.20.0/24"
vlan = 200
[[segment]]
name = "uplink"
subnet = "10.0.0.0/24"
[[host]]
name = "a"
address = "172.16.10.10"
bip = "192.168.1.1/24"
[[host]]
name = "b"
address = "172.16.20.10"
bip = "192.168.2.1/24"
[[host]]
name = "router"
router = true
address = ["172.16.10.1", "172.16.20.1", "10.0.0.1"]
parent = "eth1"
masquerade = ["uplink"]
)";

model::HostFacts router_facts() {
  model::HostFacts facts;
  facts.links = {link("eth0", {"10.0.0.1/24"}), link("eth1", {})};
  facts.firewall.variant = model::FirewallVariant::kNft;
  return facts;
}

const model::FirewallPolicy& policy(const model::HostState& state) {
  EXPECT_TRUE(state.firewall.has_value());
  return *state.firewall;
}

TEST(Derive, TwoHostsOnALan) {
  const auto inventory = load(kTwoHosts);
  EXPECT_EQ(desired::derive(inventory, inventory.hosts[0], running_docker()), two_hosts_desired());
}

TEST(Derive, IsPureSoTwiceTheSame) {
  const auto inventory = load(kTwoVlans);
  EXPECT_EQ(desired::derive(inventory, inventory.hosts[2], router_facts()),
            desired::derive(inventory, inventory.hosts[2], router_facts()));
}

TEST(DeriveSysctls, LeavesForwardingToAStoppedDocker) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.running = false;
  EXPECT_TRUE(desired::derive(inventory, inventory.hosts[0], facts).sysctls.empty());
}

TEST(DeriveSysctls, TurnsForwardingOnBeforeDockersNftablesBackendWhichWantsIt) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.running = false;
  facts.firewall.docker_nft_backend = true;
  EXPECT_EQ(desired::derive(inventory, inventory.hosts[0], facts).sysctls.size(), 1U);
}

TEST(DeriveSysctls, RoutersForwardAndSendNoRedirects) {
  const auto inventory = load(kTwoVlans);
  const auto state = desired::derive(inventory, inventory.hosts[2], router_facts());
  const std::vector<model::Sysctl> expected = {
      {"net.ipv4.conf.all.send_redirects", "0"},
      {"net.ipv4.conf.eth0.send_redirects", "0"},
      {"net.ipv4.conf.eth1/100.send_redirects", "0"},
      {"net.ipv4.conf.eth1/200.send_redirects", "0"},
      {"net.ipv4.ip_forward", "1"},
  };
  EXPECT_EQ(state.sysctls, expected);
}

TEST(DeriveLinks, MakesTheVlanLinksOfARouter) {
  const auto inventory = load(kTwoVlans);
  const auto state = desired::derive(inventory, inventory.hosts[2], router_facts());
  const std::vector<model::VlanLink> expected = {vlan("eth1", 100, "172.16.10.1/24"),
                                                 vlan("eth1", 200, "172.16.20.1/24")};
  EXPECT_EQ(state.links, expected);
  EXPECT_EQ(policy(state).underlay_links,
            (std::vector<std::string>{"eth0", "eth1.100", "eth1.200"}));
}

TEST(DeriveLinks, UsesAForeignLinkThatServesTheVlanAlready) {
  const auto inventory = load(kTwoVlans);
  auto facts = router_facts();
  auto existing = link("servers", {"172.16.10.1/24"});
  existing.vlan = 100;
  existing.parent = "eth1";
  facts.links.push_back(existing);
  const auto state = desired::derive(inventory, inventory.hosts[2], facts);
  EXPECT_EQ(state.links, std::vector{vlan("eth1", 200, "172.16.20.1/24")});
  EXPECT_EQ(policy(state).underlay_links[1], "eth1.200");
  EXPECT_EQ(policy(state).underlay_links[2], "servers");
}

TEST(DeriveFirewall, AnchorsInDockerUserTooWhateverDockerIsDoing) {
  const auto inventory = load(kTwoVlans);
  model::HostFacts facts;
  const auto anchor = [&] {
    return policy(desired::derive(inventory, inventory.hosts[0], facts)).anchor;
  };
  EXPECT_EQ(anchor(), model::FirewallAnchor::kForward);
  facts.docker.installed = true;
  EXPECT_EQ(anchor(), model::FirewallAnchor::kDockerUser);
  facts.docker.running = true;
  EXPECT_EQ(anchor(), model::FirewallAnchor::kDockerUser);
}

TEST(DeriveFirewall, RouterWithoutDockerAnchorsInForward) {
  const auto inventory = load(kTwoVlans);
  const auto state = desired::derive(inventory, inventory.hosts[2], router_facts());
  EXPECT_EQ(policy(state).anchor, model::FirewallAnchor::kForward);
  EXPECT_TRUE(policy(state).local.empty());
  EXPECT_TRUE(policy(state).bridges.empty());
  const std::vector<model::Prefix> transit = {net("10.0.0.1/32"), net("172.16.10.0/24"),
                                              net("172.16.20.0/24"), net("192.168.1.0/24"),
                                              net("192.168.2.0/24")};
  EXPECT_EQ(policy(state).transit, transit);
  ASSERT_EQ(policy(state).masquerades.size(), 1U);
  EXPECT_EQ(policy(state).masquerades[0].link, "eth0");
  EXPECT_EQ(policy(state).masquerades[0].sources,
            (std::vector{net("172.16.10.0/24"), net("172.16.20.0/24"), net("192.168.1.0/24"),
                         net("192.168.2.0/24")}));
}

TEST(DeriveFirewall, TrustsWholeASegmentOfRoutersAndMacvlanContainersOnly) {
  const auto inventory = load(R"(
version = 1
[[segment]]
name = "macvlan"
subnet = "172.16.10.0/24"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
[[host]]
name = "router"
router = true
address = ["10.0.0.1", "172.16.10.1"]
)");
  const auto state = desired::derive(inventory, inventory.hosts[0], running_docker());
  EXPECT_EQ(policy(state).peer_hosts, (std::vector{net("10.0.0.1/32"), net("172.16.10.0/24")}));
}

TEST(DeriveFirewall, KeepsTheLiveSubnetLocalOnlyWhilePeersHaveRoutesToIt) {
  auto inventory = load(kTwoHosts);
  auto& host = inventory.hosts[0];
  auto facts = running_docker();  // docker0 has 172.17.0.1/16
  EXPECT_EQ(policy(desired::derive(inventory, host, facts)).local,
            std::vector{net("192.168.100.0/24")});
  host.previous_bip = iface("172.17.0.1/16");
  EXPECT_EQ(policy(desired::derive(inventory, host, facts)).local,
            (std::vector{net("172.17.0.0/16"), net("192.168.100.0/24")}));
}

TEST(DeriveDocker, WantsOnlyBipWithTheIptablesBackend) {
  const auto inventory = load(kTwoHosts);
  const auto state = desired::derive(inventory, inventory.hosts[0], running_docker());
  EXPECT_EQ(state.docker->keys, (model::DaemonKeys{{"bip", "\"192.168.100.1/24\""}}));
}

TEST(DeriveDocker, TellsTheNftablesBackendToLetOurMarkThrough) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.version = "29.7.2";
  facts.firewall.docker_nft_backend = true;
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(state.docker->keys.at("bridge-accept-fwmark"), "\"0x200000/0x200000\"");
  EXPECT_EQ(state.docker->keys.at("allow-direct-routing"), "true");
  EXPECT_EQ(policy(state).anchor, model::FirewallAnchor::kDockerNft);
}

}  // namespace
}  // namespace overland
