// Transactions at the limits of the messages and of the socket they are sent by.

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "firewall/nft/transaction.h"
#include "netns/firewall/applied.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using tests::sh;
using tests::two_host_policy;

class NftTransactionTest : public tests::Sandbox {
 protected:
  /// Whether what is read back after writing `policy` is that policy, without a defect.
  bool takes(const FirewallPolicy& policy) {
    firewall_.write(policy);
    const auto found = firewall_.read(policy);
    return found && found->defects.empty() && found->policy == policy;
  }

  tests::Applied firewall_;
};

TEST_F(NftTransactionTest, SpreadsLinkNamesOverMessages) {
  FirewallPolicy policy = two_host_policy();
  for (int i = 0; i < 5000; ++i) policy.ingress.push_back({"l" + std::to_string(i)});
  std::sort(policy.ingress.begin(), policy.ingress.end());
  EXPECT_TRUE(takes(policy));
}

TEST_F(NftTransactionTest, NamesTheCommandTheKernelRefuses) {
  sh("nft add table ip filter");
  try {
    carry_out({{Verb::kAdd, "filter", Chain{"new", "", "", 0, "", {}}},
               {Verb::kDelete, "filter", Chain{"absent", "", "", 0, "", {}}}});
    FAIL() << "carried out";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ENOENT);
    EXPECT_THAT(error.what(), testing::StartsWith("nf_tables: delete chain ip filter absent: "));
  }
  EXPECT_EQ(sh("nft list table ip filter"), "table ip filter {\n}\n") << "all or nothing";
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
}  // namespace overland::firewall::nft
