#include "kernel/default_gateways.h"

#include <gmock/gmock.h>

#include "netns/kernel/kernel_sandbox.h"

namespace overland::kernel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DefaultGateways : public tests::KernelSandbox {};

std::vector<std::string> found() {
  std::vector<std::string> texts;
  for (const auto& gateway : default_gateways()) texts.push_back(gateway.to_string());
  return texts;
}

TEST_F(DefaultGateways, NoneWithoutADefaultRoute) {
  tests::sh("ip route add 10.0.0.0/8 via 10.9.0.2; ip route add 0.0.0.0/1 via 10.9.0.3");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DefaultGateways, AllOfTheMainTable) {
  tests::sh(
      "ip route add 0.0.0.0/8 via 10.9.0.9; ip route add 0.0.0.0/1 via 10.9.0.9;"
      "ip route add default via 10.9.0.7 metric 50; ip route add 1.0.0.0/8 via 10.9.0.9;"
      "ip route add default metric 60 nexthop via 10.9.0.5 nexthop via 10.9.0.6;"
      "ip route add default via 10.9.0.5 metric 70; ip route add default dev lan metric 80;"
      "ip route add default via 10.9.0.8 table 100");
  EXPECT_THAT(found(), ElementsAre("10.9.0.5", "10.9.0.6", "10.9.0.7"));
}

TEST_F(DefaultGateways, AmongManyRoutes) {
  tests::sh(
      "i=0; while [ $i -lt 2000 ]; do echo route add 11.$((i / 250)).$((i % 250)).0/24 via "
      "10.9.0.2; i=$((i + 1)); done | ip -batch -; ip route add default via 10.9.0.4");
  EXPECT_THAT(found(), ElementsAre("10.9.0.4"));
}

}  // namespace
}  // namespace overland::kernel
