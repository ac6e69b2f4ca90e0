// Address pools that flags of dockerd give: they may stay, but not beside others in daemon.json.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "docker/engine.h"
#include "fake_docker.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKey = "default-address-pools";
constexpr const char* kTheirs = R"([{"base":"10.9.0.0/16","size":24}])";
constexpr const char* kOurs = R"([{"base":"10.210.0.0/16","size":24}])";
constexpr const char* kBip = "\"10.100.200.1/24\"";

class AddressPoolFlags : public ::testing::Test {
 protected:
  void SetUp() override {
    machine_.start(123, {"--default-address-pool", "base=10.9.0.0/16,size=24"});
  }

  static plan::DockerStep step(model::DaemonKeys keys) {
    plan::DockerStep change;
    change.to = model::DockerSettings{};
    change.to->keys = std::move(keys);
    return change;
  }

  tests::FakeMachine machine_;
  Engine engine_{machine_.deadline, machine_.places};
};

TEST_F(AddressPoolFlags, AreTold) {
  EXPECT_EQ(engine_.read({{kKey, kOurs}}), (model::DaemonKeys{{kKey, kTheirs}}));
  EXPECT_EQ(engine_.read({}), model::DaemonKeys{});
}

TEST_F(AddressPoolFlags, RuleOthersOut) {
  try {
    engine_.apply(step({{"bip", kBip}, {kKey, kOurs}}));
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
    EXPECT_THAT(error.what(),
                HasSubstr("--default-address-pool=base=10.9.0.0/16,size=24 stands on"));
  }
}

TEST_F(AddressPoolFlags, StayWhereTheyAreWanted) {
  engine_.apply(step({{"bip", kBip}, {kKey, kTheirs}}));
  EXPECT_EQ(engine_.read({{kKey, kTheirs}, {"bip", kBip}}),
            (model::DaemonKeys{{kKey, kTheirs}, {"bip", kBip}}));
}

}  // namespace
}  // namespace overland::docker
