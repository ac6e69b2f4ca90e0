#include "firewall/variant.h"

#include <gmock/gmock.h>

namespace overland::firewall {
namespace {

using model::FirewallVariant;

constexpr const char* kNftProgram = "iptables v1.8.9 (nf_tables)";
constexpr const char* kLegacyProgram = "iptables v1.8.9 (legacy)";

VariantClues usual() {
  VariantClues clues;
  clues.nft_usable = true;
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
  clues.legacy_docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  clues = usual();
  clues.iptables_version = kLegacyProgram;
  clues.nft_docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
}

TEST(ChooseVariant, LetsTheProgramDecideWhereBothHoldDockerUser) {
  VariantClues clues = usual();
  clues.nft_docker_chains = clues.legacy_docker_chains = true;
  clues.iptables_version = kLegacyProgram;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  clues.iptables_version = "";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
}

TEST(ChooseVariant, GuessesNothingFromWhatCouldNotBeAsked) {
  VariantClues clues;
  clues.nft_usable = true;
  clues.complete = false;
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
  clues.nft_docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  clues.legacy_docker_chains = true;
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
}

TEST(ChooseVariant, BelievesDockerAboutItsNftablesBackend) {
  VariantClues clues = usual();
  clues.iptables_version = kLegacyProgram;
  clues.docker_backend = "nftables";
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
  clues.docker_backend = "iptables";
  clues.nft_docker_backend = true;  // left over from before
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  EXPECT_FALSE(choose_variant(clues).docker_nft_backend);
}

TEST(ChooseVariant, KnowsDockersNftablesBackendByItsTableWhileDockerIsSilent) {
  VariantClues clues = usual();
  clues.nft_docker_backend = true;
  EXPECT_TRUE(choose_variant(clues).docker_nft_backend);
}

TEST(ChooseVariant, ObeysWhatIsForced) {
  VariantClues clues = usual();
  clues.nft_docker_chains = true;
  clues.forced = FirewallVariant::kLegacy;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  EXPECT_EQ(choose_variant(clues).evidence, "chosen with --firewall iptc");
}

TEST(ChooseVariant, TakesWhatTheKernelHasWithoutTheProgram) {
  VariantClues clues;
  clues.nft_usable = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kNft);
  clues.nft_usable = false;
  clues.legacy_usable = true;
  EXPECT_EQ(choose_variant(clues).variant, FirewallVariant::kLegacy);
  clues.legacy_usable = false;
  EXPECT_EQ(choose_variant(clues).variant, std::nullopt);
}

}  // namespace
}  // namespace overland::firewall
