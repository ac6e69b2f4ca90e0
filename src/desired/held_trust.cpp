#include "desired/held_trust.h"

#include <algorithm>
#include <cstdint>

namespace overland::desired {
namespace {

/// How many addresses hosts can have there: an IPv4 network of /31 uses both (RFC 3021), a larger
/// one all but two.
std::uint64_t usable(const model::Prefix& subnet) {
  const std::uint64_t all = std::uint64_t{1} << (32U - subnet.length());
  return subnet.length() >= 31 ? all : all - 2;
}

}  // namespace

std::vector<model::Prefix> held_trust(const inventory::Inventory& inventory,
                                      const std::vector<model::Prefix>& trusted) {
  const std::size_t count = inventory.segments.size();
  std::vector<bool> once_by_host(count, false);
  std::vector<std::uint64_t> addresses(count, 0);
  for (const auto& host : inventory.hosts) {
    for (const auto& one : host.addresses) {
      ++addresses[one.segment];
      if (!host.router) once_by_host[one.segment] = true;
    }
    for (const std::size_t segment : host.masquerade) once_by_host[segment] = true;
  }
  std::vector<model::Prefix> held;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& segment = inventory.segments[i];
    if (segment.trust_said || once_by_host[i] || addresses[i] >= usable(segment.subnet)) continue;
    const bool stood = std::any_of(trusted.begin(), trusted.end(), [&](const auto& prefix) {
      return prefix.contains(segment.subnet);
    });
    if (stood) held.push_back(segment.subnet);
  }
  return held;
}

}  // namespace overland::desired
