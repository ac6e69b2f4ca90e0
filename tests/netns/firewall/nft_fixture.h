#pragma once
// The firewall with its anchors in nf_tables, in a namespace of its own, with what it writes
// checked by reading it back.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "netns/firewall/applied.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::nft {

class NftTest : public tests::Sandbox {
 protected:
  void write(const model::FirewallPolicy& policy) { firewall_.write(policy); }

  /// What is read back after writing `policy` must be that policy, without a defect.
  void expect_in_force(const model::FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->defects, testing::IsEmpty());
    EXPECT_TRUE(found->policy == policy);
  }

  std::vector<std::string> defects(const model::FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    return found ? found->defects : std::vector<std::string>{"nothing of ours"};
  }

  tests::Applied firewall_;
};

}  // namespace overland::firewall::nft
