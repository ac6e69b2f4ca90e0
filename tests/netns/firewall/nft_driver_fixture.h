#pragma once
// The nft driver in a namespace of its own, with what it writes checked by reading it back.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "firewall/nft_driver.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall {

class NftDriverTest : public tests::Sandbox {
 protected:
  void write(const model::FirewallPolicy& policy) { driver_->write(driver_->read(policy), policy); }

  /// What is read back after writing `policy` must be that policy, without a defect.
  void expect_in_force(const model::FirewallPolicy& policy) {
    const auto found = driver_->read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->defects, testing::IsEmpty());
    EXPECT_TRUE(found->policy == policy);
  }

  std::vector<std::string> defects(const model::FirewallPolicy& policy) {
    const auto found = driver_->read(policy);
    return found ? found->defects : std::vector<std::string>{"nothing of ours"};
  }

  std::unique_ptr<Driver> driver_ = make_nft_driver();
};

}  // namespace overland::firewall
