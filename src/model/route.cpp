#include "model/route.h"

#include "model/ownership.h"

namespace overland::model {

std::uint32_t route_metric(const Prefix& destination) {
  // FNV-1a (RFC draft-eastlake-fnv): neighbours in address space land in different classes.
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 16777619U; };
  for (const std::uint8_t byte : destination.network().bytes()) mix(byte);
  mix(destination.length());
  return kMetricBase + ((hash ^ hash >> 16U) & 0xffU);
}

Route fallback_route(const Prefix& destination) {
  return {destination, RouteKind::kUnreachable, kFallbackMetric, {}};
}

}  // namespace overland::model
