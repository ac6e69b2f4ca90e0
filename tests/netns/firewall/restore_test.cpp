#include "firewall/restore.h"

#include <gtest/gtest.h>

#include "netns/firewall/nft_fixture.h"

namespace overland::firewall::nft {
namespace {

using RestoreTest = NftTest;
using tests::sh;
using tests::two_host_policy;

TEST_F(RestoreTest, ATableThatIsGoneIsWrittenAndTheAnchorsStand) {
  const auto policy = two_host_policy();
  write(policy);
  sh("nft delete table ip overland");
  EXPECT_TRUE(restore_table(policy));
  expect_in_force(policy);
}

TEST_F(RestoreTest, OneThatStandsIsLeftAsItIs) {
  const auto policy = two_host_policy();
  write(policy);
  sh("nft flush chain ip overland trusted-in");
  EXPECT_FALSE(restore_table(policy));
  EXPECT_FALSE(defects(policy).empty());
}

TEST_F(RestoreTest, AfterAFlushOnlyTheAnchorsAreMissing) {
  const auto policy = two_host_policy();
  write(policy);
  sh("nft flush ruleset");
  EXPECT_TRUE(restore_table(policy));
  for (const auto& defect : defects(policy)) {
    EXPECT_EQ(defect.find("ip overland"), std::string::npos) << defect;
  }
  EXPECT_FALSE(defects(policy).empty());
}

}  // namespace
}  // namespace overland::firewall::nft
