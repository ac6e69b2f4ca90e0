// On random topologies: a sender is heard where its routes lead, and nowhere else.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "desired/routes.h"
#include "inventory/topology.h"
#include "unit/desired/random_inventory.h"

namespace overland {
namespace {

using inventory::Inventory;
using tests::random_inventory;

/// The segments by which a packet comes in to each host it passes, the last one included, on every
/// way that routes with all equal gateways have.
class Walks {
 public:
  explicit Walks(const Inventory& inventory) {
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      for (const auto& own : inventory.hosts[i].addresses) {
        owner_[own.address] = {i, own.segment};
      }
      auto& table = tables_.emplace_back();
      for (auto& route : desired::routes(inventory, inventory.hosts[i])) {
        table.emplace(route.destination, route.gateways);
      }
    }
  }

  using Stops = std::set<std::pair<std::size_t, std::size_t>>;  // host, segment

  void follow(std::size_t at, const model::Prefix& to, Stops& stops) const {
    const auto route = tables_[at].find(to);
    if (route == tables_[at].end()) return;
    for (const auto& gateway : route->second) {
      const auto stop = owner_.at(gateway);
      if (stops.insert(stop).second) follow(stop.first, to, stops);
    }
  }

 private:
  std::map<model::Address, std::pair<std::size_t, std::size_t>> owner_;
  std::vector<std::map<model::Prefix, std::vector<model::Address>>> tables_;
};

TEST(ArrivalsProperty, APeerIsBelievedWhereItsRoutesLeadAndNowhereElse) {
  std::mt19937 random(20260101);
  std::size_t ends = 0;
  std::size_t passed = 0;
  for (int round = 0; round < 400; ++round) {
    Inventory inventory = random_inventory(random);
    const bool ecmp = inventory.cluster.ecmp;
    const Walks walks(inventory);
    const inventory::Topology topology(inventory);
    std::vector<inventory::Arrivals> arrivals;
    for (const auto& host : inventory.hosts) arrivals.push_back(topology.arrivals(host));
    for (std::size_t from = 0; from < inventory.hosts.size(); ++from) {
      const auto& sender = inventory.hosts[from];
      for (std::size_t to = 0; to < inventory.hosts.size(); ++to) {
        const auto& target = inventory.hosts[to];
        if (from == to || !target.bip) continue;
        Walks::Stops stops;
        walks.follow(from, target.bip->prefix(), stops);
        for (const auto& [host, segment] : stops) {
          ASSERT_TRUE(arrivals[host].comes_by(sender, {segment}))
              << "round " << round << ": " << from << " to " << to << ", at " << host;
          passed += host != to ? 1U : 0U;
          // Whoever has the first router for its gateway is heard there, too.
          for (const auto& own : sender.addresses) {
            const auto& heard = arrivals[host].strangers_by[own.segment];
            if (!sender.router) continue;
            ASSERT_TRUE(std::binary_search(heard.begin(), heard.end(), segment));
          }
        }
        for (const auto& own : target.addresses) {
          const bool ends_there = stops.contains({to, own.segment});
          ends += ends_there ? 1U : 0U;
          if (ecmp) {
            ASSERT_EQ(arrivals[to].comes_by(sender, {own.segment}), ends_there);
          }
        }
      }
    }
  }
  EXPECT_GT(ends, 5000U);
  EXPECT_GT(passed, 1000U);
}

}  // namespace
}  // namespace overland
