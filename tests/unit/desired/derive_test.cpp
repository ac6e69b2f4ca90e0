// inventory.toml → desired state, on machines of which certain facts are true.

#include "desired/derive.h"

#include <gtest/gtest.h>

#include <algorithm>

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

std::vector<std::string> underlay(const model::FirewallPolicy& policy) {
  std::vector<std::string> names;
  for (const auto& one : policy.ingress) names.push_back(one.link);
  return names;
}

const model::FirewallPolicy& policy(const model::HostState& state) {
  EXPECT_TRUE(state.firewall.has_value());
  return *state.firewall;
}

TEST(Derive, TwoHostsOnALan) {
  const auto inventory = load(kTwoHosts);
  auto expected = two_hosts_desired();
  expected.routes.insert(expected.routes.begin(), fallback("192.168.100.0/24"));
  expected.routes.push_back(fallback("192.168.200.0/24"));
  EXPECT_EQ(desired::derive(inventory, inventory.hosts[0], running_docker()), expected);
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

TEST(DeriveSysctls, GoByTheBackendOfDockersNextStart) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.running = false;
  facts.docker.configured_backend = "nftables";
  EXPECT_EQ(desired::derive(inventory, inventory.hosts[0], facts).sysctls.size(), 1U);
  facts.docker.configured_backend = "iptables";
  facts.firewall.docker_nft_backend = true;  // its table is left
  EXPECT_TRUE(desired::derive(inventory, inventory.hosts[0], facts).sysctls.empty());
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
  const std::vector<model::Link> expected = {vlan("eth1", 100, "172.16.10.1/24"),
                                             vlan("eth1", 200, "172.16.20.1/24")};
  EXPECT_EQ(state.links, expected);
  EXPECT_EQ(underlay(policy(state)), (std::vector<std::string>{"eth0", "eth1.100", "eth1.200"}));
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
  EXPECT_EQ(underlay(policy(state)), (std::vector<std::string>{"eth0", "eth1.200", "servers"}));
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

TEST(DeriveFirewall, TrustsASegmentAsAWholeOnlyWhereTheFileSaysSo) {
  auto inventory = load(R"(
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
  const auto hosts = desired::derive(inventory, inventory.hosts[0], running_docker());
  EXPECT_EQ(policy(hosts).peer_hosts, (std::vector{net("10.0.0.1/32"), net("172.16.10.1/32")}));
  inventory.segments[0].trust = inventory::Trust::kSubnet;
  const auto whole = desired::derive(inventory, inventory.hosts[0], running_docker());
  EXPECT_EQ(policy(whole).peer_hosts, (std::vector{net("10.0.0.1/32"), net("172.16.10.0/24")}));
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

TEST(DeriveDocker, GivesItTheAddressPoolsOfTheInventory) {
  const auto inventory = load(std::string(kTwoHosts) + R"(
[docker]
address_pools = ["10.210.0.0/16", { base = "10.211.0.0/20", size = 26 }]
)");
  auto facts = running_docker();
  const auto state = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(state.docker->keys.at("default-address-pools"),
            R"([{"base":"10.210.0.0/16","size":24},{"base":"10.211.0.0/20","size":26}])");
  facts.firewall.docker_nft_backend = true;
  const auto drop = policy(desired::derive(inventory, inventory.hosts[0], facts)).direct_drop;
  ASSERT_TRUE(drop);
  EXPECT_EQ(std::count(drop->networks.begin(), drop->networks.end(), net("10.211.0.0/20")), 1);
}

TEST(DeriveDocker, StandsInForWhatItsKeyTakesAway) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.address_pools = {net("172.16.0.0/12")};
  facts.docker.networks = {{"plain", "br-0123", {net("10.77.0.0/24")}},
                           {"named", "mine", {}},
                           {"routed", "br-4567", {}, {""}},
                           {"trusting", "br-89ab", {}, {"eth0"}}};
  const auto drop = [&] {
    return policy(desired::derive(inventory, inventory.hosts[0], facts)).direct_drop;
  };
  EXPECT_EQ(drop(), std::nullopt) << "beside the iptables backend";
  facts.firewall.docker_nft_backend = true;
  const model::DirectDrop expected = {
      {"br-*", "docker0", "mine"},
      {{"br-4567", ""}, {"br-89ab", "eth0"}},
      {net("10.77.0.0/24"), net("172.16.0.0/12"), net("192.168.100.0/24")}};
  EXPECT_EQ(drop(), expected);
  facts.docker.direct_routing = true;
  EXPECT_EQ(drop(), std::nullopt) << "somebody else wants it open";
}

TEST(DeriveDocker, WritesTheKeysBeforeTheBackendIsSwitched) {
  const auto inventory = load(kTwoHosts);
  auto facts = running_docker();
  facts.docker.configured_backend = "nftables";
  const auto ahead = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(ahead.docker->keys.size(), 3U);
  EXPECT_EQ(policy(ahead).anchor, model::FirewallAnchor::kDockerUser) << "until it has restarted";
  facts.firewall.docker_nft_backend = true;
  facts.docker.configured_backend = "iptables";
  const auto back = desired::derive(inventory, inventory.hosts[0], facts);
  EXPECT_EQ(back.docker->keys.size(), 1U);
  EXPECT_EQ(policy(back).anchor, model::FirewallAnchor::kDockerNft);
}

}  // namespace
}  // namespace overland
