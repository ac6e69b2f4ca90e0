// Tunnels in clusters of all shapes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "desired/firewall.h"
#include "desired/routes.h"
#include "inventory/tunnels.h"
#include "unit/desired/random_inventory.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::IsEmpty;

const model::Route* route_to(const std::vector<model::Route>& table, const model::Prefix& subnet) {
  const auto found = std::ranges::find(table, subnet, &model::Route::destination);
  return found == table.end() ? nullptr : &*found;
}

/// Follows first next hops from one host to another's bridge subnet: "plain", "tunnel", "none", or
/// what is wrong.
std::string followed(const inventory::Inventory& inventory, std::size_t from, std::size_t to,
                     const std::vector<std::vector<model::Route>>& tables) {
  const auto subnet = inventory.hosts[to].bip->prefix();
  std::string kind = "none";
  for (std::size_t at = from, hops = 0; at != to; ++hops) {
    const auto* route = route_to(tables[at], subnet);
    if (route == nullptr) return at == from ? kind : "lost";
    if (hops > inventory.hosts.size()) return "circle";
    std::size_t next = inventory.hosts.size();
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      for (const auto& own : inventory.hosts[i].addresses) {
        if (own.address == route->gateways.front()) next = i;
      }
    }
    if (next == inventory.hosts.size()) return "nobody's next hop";
    if (route->link && at != from) return "another's packet in a tunnel";
    if (route->link && next != to) return "a tunnel that ends too early";
    kind = route->link ? "tunnel" : "plain";
    at = next;
  }
  return kind;
}

TEST(TunnelProperty, EveryPairOfDockerHostsHasOneWayThatArrives) {
  std::mt19937 random(18);  // NOLINT(cert-msc51-cpp): the same each time
  std::map<std::string, int> seen;
  for (int round = 0; round < 300; ++round) {
    auto inventory = random_inventory(random);
    inventory.tunnel.emplace().always = random() % 3 == 0;
    const inventory::Tunnels tunnels(inventory);
    std::vector<std::vector<model::Route>> tables;
    for (const auto& host : inventory.hosts) tables.push_back(desired::routes(inventory, host));
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      for (std::size_t j = 0; j < inventory.hosts.size(); ++j) {
        if (i == j || !inventory.hosts[i].bip || !inventory.hosts[j].bip) continue;
        const auto way = followed(inventory, i, j, tables);
        EXPECT_EQ(way, tunnels.between(i, j) ? "tunnel" : "plain");
        EXPECT_EQ(tunnels.apart(i, j), tunnels.apart(j, i));
        ++seen[way];
      }
    }
  }
  EXPECT_GT(seen["tunnel"], 1000);
  EXPECT_GT(seen["plain"], 1000);
}

/// Whatever the shape: no address is believed on two ways, and the tunnel's are those of senders.
TEST(TunnelProperty, WhatATunnelBringsIsBelievedThereAlone) {
  std::mt19937 random(19);  // NOLINT(cert-msc51-cpp): the same each time
  int tunnels_seen = 0;
  for (int round = 0; round < 400; ++round) {
    auto inventory = random_inventory(random);
    inventory.tunnel.emplace().always = random() % 3 == 0;
    const auto& host = inventory.hosts.front();
    model::HostFacts facts = running_docker();
    facts.links.clear();
    for (std::size_t i = 0; i < host.addresses.size(); ++i) {
      auto& one = facts.links.emplace_back(link(("eth" + std::to_string(i)).c_str(), {}));
      one.addresses = {{host.addresses[i].address, 20}};
    }
    const auto policy = desired::firewall(inventory, host, facts);
    if (!policy || !policy->tunnel) continue;
    ++tunnels_seen;
    std::vector<model::Prefix> inner;
    for (const auto& sender : policy->tunnel->senders) {
      inner.insert(inner.end(), sender.inner.begin(), sender.inner.end());
    }
    for (const auto& ingress : policy->ingress) {
      const auto& subnets = believed(ingress.subnets, policy->peer_subnets);
      for (const auto& one : inner) {
        const bool in =
            std::ranges::any_of(subnets, [&](const auto& p) { return p.contains(one); });
        EXPECT_EQ(in, ingress.link == "vxlan.ovl") << ingress.link << " " << one.to_string();
      }
      if (ingress.link == "vxlan.ovl") {
        EXPECT_THAT(believed(ingress.hosts, policy->peer_hosts), IsEmpty());
      }
    }
    for (const auto& sender : policy->tunnel->senders) {
      for (const auto& known : policy->peer_hosts) EXPECT_FALSE(known.contains(sender.outer));
    }
  }
  EXPECT_GT(tunnels_seen, 50);
}

}  // namespace
}  // namespace overland
