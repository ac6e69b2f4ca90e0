// On random topologies: whoever follows the routes of all hosts arrives, and as fast as possible.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

#include "desired/routes.h"
#include "inventory/topology.h"
#include "unit/desired/random_inventory.h"

namespace overland::desired {
namespace {

using inventory::Inventory;
using tests::random_inventory;

class World {
 public:
  explicit World(const Inventory& inventory) : inventory_(inventory) {
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      for (const auto& address : inventory.hosts[i].addresses) owner_[address.address] = i;
      tables_.push_back(routes(inventory, inventory.hosts[i]));
    }
  }

  [[nodiscard]] const model::Route* route(std::size_t host, const model::Prefix& to) const {
    for (const auto& route : tables_[host]) {
      if (route.destination == to) return &route;
    }
    return nullptr;
  }

  /// Every way the packet may take, by every gateway of multipath routes, ends at an owner of `to`
  /// after exactly `hops` hops, and passes through routers only.
  void expect_arrival(std::size_t host, const model::Prefix& to, std::size_t hops) const {
    if (owns(host, to)) {
      EXPECT_EQ(hops, 0U) << to.to_string();
      return;
    }
    ASSERT_GT(hops, 0U) << "a longer way than there is to " << to.to_string();
    const model::Route* const found = route(host, to);
    ASSERT_NE(found, nullptr) << "host " << host << " to " << to.to_string();
    ASSERT_TRUE(std::is_sorted(found->gateways.begin(), found->gateways.end()));
    for (const auto& gateway : found->gateways) {
      const auto next = owner_.find(gateway);
      ASSERT_NE(next, owner_.end());
      EXPECT_TRUE(on_link(host, gateway)) << gateway.to_string();
      EXPECT_TRUE(owns(next->second, to) || inventory_.hosts[next->second].router);
      expect_arrival(next->second, to, hops - 1);
    }
  }

 private:
  [[nodiscard]] bool on_link(std::size_t host, const model::Address& address) const {
    const auto& own = inventory_.hosts[host].addresses;
    return std::any_of(own.begin(), own.end(), [&](const auto& leg) {
      return inventory_.segments[leg.segment].subnet.contains(address);
    });
  }

  /// The subnet is the host's own bridge's, or that of a segment it is attached to.
  [[nodiscard]] bool owns(std::size_t host, const model::Prefix& to) const {
    const auto bridges = inventory_.hosts[host].bridge_subnets();
    return on_link(host, to.network()) ||
           std::find(bridges.begin(), bridges.end(), to) != bridges.end();
  }

  const Inventory& inventory_;
  std::map<model::Address, std::size_t> owner_;
  std::vector<std::vector<model::Route>> tables_;
};

/// Hops from host to each segment by relaxation until nothing changes: slow, and another way than
/// the program's.
std::vector<std::size_t> slow_distances(const Inventory& inventory, std::size_t from) {
  std::vector<std::size_t> result(inventory.segments.size(), inventory::kUnreachable);
  for (const auto& leg : inventory.hosts[from].addresses) result[leg.segment] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& host : inventory.hosts) {
      if (!host.router) continue;
      for (const auto& in : host.addresses) {
        if (result[in.segment] == inventory::kUnreachable) continue;
        for (const auto& out : host.addresses) {
          if (result[out.segment] <= result[in.segment] + 1) continue;
          result[out.segment] = result[in.segment] + 1;
          changed = true;
        }
      }
    }
  }
  return result;
}

TEST(DesiredRoutesProperty, EveryWalkArrivesByAShortestPath) {
  std::mt19937 random(20240607);
  std::size_t walks = 0;
  std::size_t far = 0;
  for (int round = 0; round < 600; ++round) {
    const Inventory inventory = random_inventory(random);
    const World world(inventory);
    for (std::size_t from = 0; from < inventory.hosts.size(); ++from) {
      const auto distances = slow_distances(inventory, from);
      for (std::size_t segment = 0; segment < distances.size(); ++segment) {
        const auto& subnet = inventory.segments[segment].subnet;
        const bool wanted =
            distances[segment] != 0 && distances[segment] != inventory::kUnreachable;
        ASSERT_EQ(world.route(from, subnet) != nullptr, wanted);
        if (wanted) world.expect_arrival(from, subnet, distances[segment]);
      }
      for (std::size_t to = 0; to < inventory.hosts.size(); ++to) {
        std::size_t distance = inventory::kUnreachable;
        for (const auto& leg : inventory.hosts[to].addresses) {
          distance = std::min(distance, distances[leg.segment]);
        }
        for (const auto& subnet : inventory.hosts[to].bridge_subnets()) {
          const bool wanted = from != to && distance != inventory::kUnreachable;
          ASSERT_EQ(world.route(from, subnet) != nullptr, wanted);
          if (!wanted) continue;
          ASSERT_LT(distance, inventory.segments.size());
          world.expect_arrival(from, subnet, distance + 1);
          ++walks;
          far += distance > 1 ? 1U : 0U;
        }
      }
      if (HasFailure()) FAIL() << "round " << round << ", host " << from;
    }
  }
  EXPECT_GT(walks, 10000U);
  EXPECT_GT(far, 500U);  // over two routers and more: the topologies are not all trivial
}

TEST(TopologyProperty, PathsAndComponentsAgreeWithTheRoutes) {
  std::mt19937 random(99);
  for (int round = 0; round < 200; ++round) {
    const Inventory inventory = random_inventory(random);
    const inventory::Topology topology(inventory);
    const auto components = topology.components();
    for (std::size_t from = 0; from < inventory.hosts.size(); ++from) {
      const auto distances = slow_distances(inventory, from);
      for (std::size_t to = 0; to < inventory.hosts.size(); ++to) {
        if (from == to) continue;
        std::size_t distance = inventory::kUnreachable;
        bool joined = false;
        for (const auto& leg : inventory.hosts[to].addresses) {
          distance = std::min(distance, distances[leg.segment]);
          for (const auto& own : inventory.hosts[from].addresses) {
            joined = joined || components[own.segment] == components[leg.segment];
          }
        }
        const auto path = topology.path(from, to);
        ASSERT_EQ(path.has_value(), joined);
        ASSERT_EQ(path.has_value(), distance != inventory::kUnreachable);
        if (!path) continue;
        EXPECT_EQ(path->size(), distance + 1);
        EXPECT_EQ(path->back().host, to);
      }
    }
  }
}

}  // namespace
}  // namespace overland::desired
