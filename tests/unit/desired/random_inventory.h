#pragma once
// Clusters of all shapes.

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "inventory/inventory.h"

namespace overland::tests {

inline model::Address in_segment(std::size_t segment, std::size_t host) {
  return model::Address::from_ipv4(static_cast<std::uint32_t>(10U << 24U | segment << 12U | host));
}

/// Segments, hosts with one to three legs in random order, some routers, some Docker, some both.
inline inventory::Inventory random_inventory(std::mt19937& random) {
  const auto below = [&random](std::size_t limit) { return random() % limit; };
  inventory::Inventory result;
  result.cluster.ecmp = below(2) == 0;
  const std::size_t segments = 1 + below(7);
  for (std::size_t i = 0; i < segments; ++i) {
    inventory::Segment& segment = result.segments.emplace_back();
    segment.subnet = model::Prefix(in_segment(i, 0), 20);
  }
  const std::size_t hosts = 2 + below(12);
  for (std::size_t i = 0; i < hosts; ++i) {
    inventory::Host& host = result.hosts.emplace_back();
    host.router = below(2) == 0;
    std::vector<std::size_t> legs(segments);
    for (std::size_t j = 0; j < segments; ++j) legs[j] = j;
    std::shuffle(legs.begin(), legs.end(), random);
    legs.resize(std::min(segments, 1 + below(host.router ? 4 : 2)));
    for (const std::size_t leg : legs) host.addresses.push_back({in_segment(leg, i + 1), leg});
    const auto number = static_cast<std::uint32_t>(i);
    if (below(4) != 0) {
      host.bip = {model::Address::from_ipv4(192U << 24U | 168U << 16U | number << 8U | 1U), 24};
    }
    if (host.bip && below(4) == 0) {
      host.previous_bip = {model::Address::from_ipv4(172U << 24U | 20U << 16U | number << 8U | 1U),
                           24};
    }
  }
  return result;
}

}  // namespace overland::tests
