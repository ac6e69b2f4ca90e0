#include "firewall/nft/hull.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::Prefix;

/// Each is compared with every packet.
constexpr std::size_t kMost = 4;
/// Longer ones would have to change with every other change of a list.
constexpr int kLongest = 16;

/// The number of leading bits both have.
int common_bits(std::uint32_t one, std::uint32_t other) { return std::countl_zero(one ^ other); }

Prefix around(std::uint32_t first, std::uint32_t last) {
  const int length = std::min(common_bits(first, last), kLongest);
  return {model::Address::from_ipv4(first), static_cast<std::uint8_t>(length)};
}

}  // namespace

std::vector<Prefix> hull_of(const model::FirewallPolicy& policy) {
  std::vector<Range> all;
  for (const auto* list :
       {&policy.local, &policy.peer_subnets, &policy.peer_hosts, &policy.transit}) {
    const auto ranges = ranges_of(*list);
    all.insert(all.end(), ranges.begin(), ranges.end());
  }
  for (const model::ClosedNetwork& one : policy.closed) {
    for (const auto* list : {&one.subnets, &one.peers}) {
      const auto ranges = ranges_of(*list);
      all.insert(all.end(), ranges.begin(), ranges.end());
    }
  }
  std::sort(all.begin(), all.end());
  // Cut where neighbours have least in common.
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < all.size(); ++i) cuts.push_back(i);
  const std::size_t most = std::min(cuts.size(), kMost - 1);
  std::partial_sort(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(most), cuts.end(),
                    [&](std::size_t one, std::size_t other) {
                      const int left = common_bits(all[one - 1].last, all[one].first);
                      const int right = common_bits(all[other - 1].last, all[other].first);
                      return left != right ? left < right : one < other;
                    });
  cuts.resize(most);
  cuts.push_back(all.size());
  std::sort(cuts.begin(), cuts.end());
  std::vector<Prefix> hull;
  std::size_t first = 0;
  for (const std::size_t end : cuts) {
    if (end > first) hull.push_back(around(all[first].first, all[end - 1].last));
    first = end;
  }
  hull = model::aggregate(std::move(hull));
  if (std::any_of(hull.begin(), hull.end(), [](const Prefix& one) { return one.length() == 0; })) {
    return {};
  }
  return hull;
}

std::vector<Statements> outside_rules(const model::FirewallPolicy& policy) {
  if (policy.transit.empty()) return {};
  const auto hull = hull_of(policy);
  if (hull.empty()) return {};
  std::vector<Statements> rules;
  for (const Field field : {Field::kSource, Field::kDestination}) {
    Statements rule;
    for (const Prefix& one : hull) rule.emplace_back(Match{field, ranges_of({one}), true});
    rule.emplace_back(Verdict{Verdict::kAccept});
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace overland::firewall::nft
