// Transactions at the limits of the messages and of the socket they are sent by.

#include "firewall/nft_transaction.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "firewall/nft_driver.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall {
namespace {

using model::FirewallPolicy;
using tests::two_host_policy;

class NftTransactionTest : public tests::Sandbox {
 protected:
  /// Whether what is read back after writing `policy` is that policy, without a defect.
  bool takes(const FirewallPolicy& policy) {
    driver_->write(std::nullopt, policy);
    const auto found = driver_->read(policy);
    return found && found->defects.empty() && found->policy == policy;
  }

  std::unique_ptr<Driver> driver_ = make_nft_driver();
};

TEST_F(NftTransactionTest, SpreadsLinkNamesOverMessages) {
  FirewallPolicy policy = two_host_policy();
  for (int i = 0; i < 5000; ++i) policy.underlay_links.push_back("l" + std::to_string(i));
  std::sort(policy.underlay_links.begin(), policy.underlay_links.end());
  EXPECT_TRUE(takes(policy));
}

// As in a container without privilege of its own: CAP_NET_ADMIN over its network alone.
TEST_F(NftTransactionTest, WorksInAUserNamespace) {
  EXPECT_EXIT(
      {
        const bool inside = ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
        std::_Exit(inside && takes(two_host_policy()) ? EXIT_SUCCESS : EXIT_FAILURE);
      },
      testing::ExitedWithCode(EXIT_SUCCESS), "");
}

}  // namespace
}  // namespace overland::firewall
