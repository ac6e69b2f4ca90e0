// Who uses Docker's bridge, by what its API answers.

#include "docker/bridge_use.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace overland {
namespace {

using ::testing::ElementsAre;

TEST(BridgeUse, HasContainersReservedAddressesAndTheRange) {
  const auto use = docker::parse_bridge(R"({
    "Name": "bridge", "IPAM": {"Config": [{"Subnet": "192.168.7.0/24", "IPRange": "192.168.7.0/25",
      "AuxiliaryAddresses": {"printer": "192.168.7.200"}}]},
    "Containers": {"1a": {"Name": "web", "IPv4Address": "192.168.7.2/24", "IPv6Address": ""}}})");
  ASSERT_EQ(use.containers.size(), 1U);
  EXPECT_EQ(use.containers.front().id, "1a");
  EXPECT_EQ(use.containers.front().name, "web");
  EXPECT_EQ(use.containers.front().address, *model::Address::parse("192.168.7.2"));
  EXPECT_EQ(use.containers.front().pid, 0);
  EXPECT_THAT(use.reserved, ElementsAre(*model::Address::parse("192.168.7.200")));
  EXPECT_EQ(use.range, model::Prefix::parse("192.168.7.0/25"));
}

TEST(BridgeUse, OfNothingIsNothing) {
  const auto use = docker::parse_bridge(R"({"IPAM": null, "Containers": null})");
  EXPECT_TRUE(use.containers.empty());
  EXPECT_FALSE(use.range);
  EXPECT_TRUE(docker::parse_bridge(R"({"Containers": {"1a": {"Name": "x"}}})").containers.empty());
}

TEST(BridgeUse, OfWhatIsNoNetworkIsRefused) {
  EXPECT_THROW(docker::parse_bridge("[]"), base::Error);
  EXPECT_THROW(docker::parse_bridge("{"), base::Error);
  EXPECT_THROW(docker::parse_bridge(R"({"IPAM": {"Config": "x"}})"), base::Error);
}

TEST(FirstProcess, IsThatOfARunningContainerOnly) {
  EXPECT_EQ(docker::parse_pid(R"({"State": {"Running": true, "Paused": false, "Pid": 77}})"), 77);
  EXPECT_EQ(docker::parse_pid(R"({"State": {"Running": true, "Paused": true, "Pid": 77}})"), 0);
  EXPECT_EQ(docker::parse_pid(R"({"State": {"Running": false, "Pid": 77}})"), 0);
  EXPECT_EQ(docker::parse_pid(R"({"State": {"Running": true, "Pid": -1}})"), 0);
  EXPECT_EQ(docker::parse_pid(R"({"State": {"Running": true, "Pid": 9999999999999}})"), 0);
  EXPECT_EQ(docker::parse_pid("{}"), 0);
}

}  // namespace
}  // namespace overland
