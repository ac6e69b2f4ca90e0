#include "firewall/variant.h"

#include <gmock/gmock.h>

namespace overland::firewall {
namespace {

using model::FirewallVariant;

constexpr const char* kNftProgram = "iptables v1.8.9 (nf_tables)";
constexpr const char* kLegacyProgram = "iptables v1.8.9 (legacy)";

VariantClues usual() {
  VariantClues clues;
  clues.kernel = "6.1.0-18-amd64";
  clues.nft.emplace().usable = true;
  clues.legacy.emplace();
  clues.iptables_version = kNftProgram;
  return clues;
}

TEST(ChooseVariant, FollowsTheProgramOnAHostWithoutDockerRules) {
  VariantClues clues = usual();
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  EXPECT_EQ(choose_variant(clues).evidence, kNftProgram);
  clues.iptables_version = kLegacyProgram;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
}

TEST(ChooseVariant, TakesAProgramBeforeOneDotEightForLegacy) {
  VariantClues clues = usual();
  clues.iptables_version = "iptables v1.6.1";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
}

TEST(ChooseVariant, FollowsDockerUserRatherThanTheProgram) {
  VariantClues clues = usual();
  clues.legacy->docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  clues = usual();
  clues.iptables_version = kLegacyProgram;
  clues.nft->docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
}

TEST(ChooseVariant, LetsTheProgramDecideWhereBothHoldDockerUser) {
  VariantClues clues = usual();
  clues.nft->docker_chains = clues.legacy->docker_chains = true;
  clues.iptables_version = kLegacyProgram;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  clues.iptables_version = "";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
}

TEST(ChooseVariant, GuessesNothingFromWhatCouldNotBeAsked) {
  VariantClues clues = usual();
  clues.iptables_version.reset();
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
  clues.nft->docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  clues.legacy->docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
  clues = usual();
  clues.nft.reset();
  clues.iptables_version = "";
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
}

TEST(ChooseVariant, BelievesDockerAboutItsNftablesBackend) {
  VariantClues clues = usual();
  clues.iptables_version = kLegacyProgram;
  clues.docker_backend = "nftables";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
  clues.docker_backend = "iptables";
  clues.nft->docker_backend = true;  // left over from before
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  EXPECT_FALSE(choose_variant(clues).docker_nft_backend);
}

TEST(ChooseVariant, KnowsDockersNftablesBackendByItsTableWhileDockerIsSilent) {
  VariantClues clues = usual();
  clues.nft->docker_backend = true;
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
}

TEST(ChooseVariant, KnowsDockersNftablesBackendBeforeItsFirstStart) {
  VariantClues clues = usual();
  clues.configured_backend = "nftables";
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
  EXPECT_EQ(choose_variant(clues).evidence, "Docker will start with its nftables backend");
  clues.docker_backend = "iptables";
  EXPECT_FALSE(choose_variant(clues).docker_nft_backend) << "as it runs now";
  clues.docker_backend.clear();
  clues.nft->docker_chains = true;
  EXPECT_FALSE(choose_variant(clues).docker_nft_backend) << "what it left still drops";
}

TEST(ChooseVariant, BelievesTheConfigurationWhereBothBackendsLeftRules) {
  VariantClues clues = usual();
  clues.nft->docker_chains = clues.nft->docker_backend = true;
  clues.configured_backend = "nftables";
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  clues.configured_backend = "iptables";
  EXPECT_FALSE(choose_variant(clues).docker_nft_backend);
}

TEST(ChooseVariant, ObeysWhatIsForced) {
  VariantClues clues = usual();
  clues.nft->docker_chains = true;
  clues.forced = FirewallVariant::kLegacy;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  EXPECT_EQ(choose_variant(clues).evidence, "chosen with --firewall iptc");
}

TEST(ChooseVariant, TakesNfTablesWithoutTheProgram) {
  VariantClues clues = usual();
  clues.iptables_version = "";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
}

TEST(ChooseVariant, RefusesAKernelThatCannotHaveTheTable) {
  VariantClues clues = usual();
  clues.nft->usable = false;
  clues.forced = FirewallVariant::kLegacy;
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
  EXPECT_EQ(choose_variant(clues).evidence, "the kernel has no nf_tables");
  for (const char* old : {"4.17.19", "3.10.0-1160.el7.x86_64"}) {
    clues = usual();
    clues.kernel = old;
    EXPECT_EQ(choose_variant(clues).variant, std::nullopt) << old;
    EXPECT_THAT(choose_variant(clues).evidence, testing::HasSubstr("older than 4.18"));
  }
  for (const char* enough : {"4.18.0-553.el8_10.x86_64", "5.4.0", "10.0", "odd"}) {
    clues.kernel = enough;
    EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft) << enough;
  }
}

TEST(ChooseVariant, SaysWhetherTheKernelKnowsKindsOfLinks) {
  VariantClues clues = usual();
  EXPECT_FALSE(choose_variant(clues).no_link_kinds);
  for (const char* old : {"4.19.0-27-amd64", "5.0.21"}) {
    clues.kernel = old;
    EXPECT_TRUE(choose_variant(clues).no_link_kinds) << old;
  }
  for (const char* enough : {"5.1.0", "5.10.0-30-amd64", "?"}) {
    clues.kernel = enough;
    EXPECT_FALSE(choose_variant(clues).no_link_kinds) << enough;
  }
}

}  // namespace
}  // namespace overland::firewall
