#include "model/route.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "model/ownership.h"

namespace overland::tests {
namespace {

using model::Address;
using model::Prefix;

/// How many of `count` neighbouring prefixes fall into the fullest of the 256 classes.
std::size_t fullest_class(std::uint32_t count, std::uint8_t length) {
  std::map<std::uint32_t, std::size_t> classes;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Prefix prefix(Address::from_ipv4(0x0a000000U + (i << (32U - length))), length);
    const std::uint32_t metric = model::route_metric(prefix);
    EXPECT_GE(metric, model::kMetricBase);
    EXPECT_LT(metric, model::kMetricBase + 256);
    ++classes[metric];
  }
  return std::max_element(
             classes.begin(), classes.end(),
             [](const auto& left, const auto& right) { return left.second < right.second; })
      ->second;
}

TEST(RouteMetric, SpreadsNeighboursEvenly) {
  // 10,240 prefixes are 40 a class; twice that would make insertion dearer by no more than as much.
  for (const int length : {20, 22, 24, 26, 28}) {
    EXPECT_LE(fullest_class(10240, static_cast<std::uint8_t>(length)), 80U) << length;
  }
  EXPECT_LE(fullest_class(256, 24), 8U);
}

TEST(RouteMetric, IsAFunctionOfTheWholePrefix) {
  const Prefix prefix = Prefix::parse("192.168.100.0/24").value();
  EXPECT_EQ(model::route_metric(prefix), model::route_metric(prefix));
  EXPECT_NE(model::route_metric(prefix), model::route_metric(Prefix(prefix.network(), 25)));
}

// Installed routes carry it: another value after an update would replace every route of a cluster.
TEST(RouteMetric, NeverChanges) {
  EXPECT_EQ(model::route_metric(Prefix::parse("192.168.100.0/24").value()), 11263U);
  EXPECT_EQ(model::route_metric(Prefix::parse("10.0.0.0/8").value()), 11240U);
}

TEST(Route, IsSortedByDestinationAndMetricWhateverItsKind) {
  const Prefix prefix = Prefix::parse("10.0.0.0/8").value();
  const model::Route fallback = model::fallback_route(prefix);
  const model::Route route{prefix, model::RouteKind::kUnicast, model::route_metric(prefix), {}};
  EXPECT_LT(route, fallback);
  auto early = fallback;
  early.metric = 1;
  EXPECT_LT(early, route);
  EXPECT_LT(fallback, model::fallback_route(Prefix::parse("10.1.0.0/16").value()));
}

// A hundred thousand of them are kept, twice in each step.
TEST(Route, IsSmall) {
  EXPECT_LE(sizeof(model::Route), 24 + sizeof(std::vector<Address>) + sizeof(void*));
}

}  // namespace
}  // namespace overland::tests
