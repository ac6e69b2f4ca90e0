// What was encoded is read back, and what others did to it is told.

#include "firewall/iptc_decoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firewall/iptc_encoding.h"
#include "unit/firewall/iptc_policies.h"

namespace overland::firewall::iptc {
namespace {

using model::FirewallPolicy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a kernel that took `encoding` reads back.
Snapshot kernel(const Encoding& encoding) {
  Snapshot snapshot;
  for (const auto& [id, rules] : encoding.tables) {
    TableSnapshot& table = snapshot.tables[id];
    table.jumps = {{rules.anchor, 1, rules.entry, true}};
    for (const auto& [name, chain] : rules.chains) {
      table.chains[name].assign(chain.begin(), chain.end());
    }
  }
  for (const auto& [name, prefixes] : encoding.sets) snapshot.sets[name] = {true, prefixes};
  return snapshot;
}

void expect_round_trip(const FirewallPolicy& policy) {
  const auto read = decode(kernel(encode(policy)), policy);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->policy, policy);
  EXPECT_THAT(read->defects, IsEmpty());
}

std::vector<std::string> defects(const Snapshot& snapshot) {
  return decode(snapshot, docker_host()).value().defects;
}

TEST(DecodeIptc, ReadsBackWhatWasEncoded) {
  FirewallPolicy untracked = router();
  untracked.conntrack = false;
  FirewallPolicy large = router();
  large.peer_subnets = scattered(1000);
  large.masquerades[0].sources = scattered(100);
  FirewallPolicy bare = router();
  bare.bridges.clear();
  bare.local.clear();
  FirewallPolicy passing = router();
  passing.masquerades.push_back({"eth3", {prefix("10.1.0.0/24")}, false});
  FirewallPolicy only_passing = router();
  only_passing.masquerades[0].translated = false;
  for (const auto& policy :
       {docker_host(), router(), untracked, large, bare, passing, only_passing}) {
    expect_round_trip(policy);
  }
}

TEST(DecodeIptc, FindsNothingWhereNothingIs) {
  Snapshot snapshot;
  snapshot.tables[Table::kFilter] = {};
  EXPECT_FALSE(decode(snapshot, docker_host()));
}

TEST(DecodeIptc, ShowsAMissingPeerAsADifferentPolicy) {
  FirewallPolicy fewer = docker_host();
  fewer.peer_hosts.clear();
  const auto read = decode(kernel(encode(fewer)), docker_host());
  EXPECT_EQ(read.value().policy, fewer);
  EXPECT_THAT(read.value().defects, IsEmpty());
}

TEST(DecodeIptc, ReportsAJumpBelowAnotherRule) {
  Snapshot snapshot = kernel(encode(docker_host()));
  snapshot.tables[Table::kNat].jumps[0].position = 2;
  EXPECT_THAT(defects(snapshot),
              ElementsAre("legacy nat: rule 2 of POSTROUTING jumps to OVERLAND-NAT but has to be "
                          "the first rule."));
}

TEST(DecodeIptc, ReportsMissingDoubleAndMisplacedJumps) {
  Snapshot snapshot = kernel(encode(docker_host()));
  snapshot.tables[Table::kRaw].jumps.clear();
  auto& filter = snapshot.tables[Table::kFilter].jumps;
  filter.push_back({"DOCKER-USER", 7, "OVERLAND-FORWARD", true});
  filter.push_back({"INPUT", 1, "OVERLAND-FORWARD", true});
  EXPECT_THAT(
      defects(snapshot),
      ElementsAre("legacy filter: rule 7 of DOCKER-USER jumps to OVERLAND-FORWARD once more.",
                  "legacy filter: rule 1 of INPUT jumps to OVERLAND-FORWARD, which does not "
                  "belong there.",
                  "legacy raw: PREROUTING does not jump to OVERLAND-RAW."));
}

TEST(DecodeIptc, ReportsForeignMissingAndMisplacedRules) {
  Snapshot snapshot = kernel(encode(docker_host()));
  auto& raw = snapshot.tables[Table::kRaw].chains;
  raw["OVERLAND-FROM"].insert(raw["OVERLAND-FROM"].begin(), std::nullopt);
  std::swap(raw["OVERLAND-SUBNET"][0], raw["OVERLAND-SUBNET"][1]);
  raw["OVERLAND-TO"].pop_back();
  raw["OVERLAND-MINE"] = {};
  raw.erase("OVERLAND-HOST");
  EXPECT_THAT(
      defects(snapshot),
      ElementsAre("legacy raw OVERLAND-FROM: rule 1 is not one of ours.",
                  "legacy raw: chain OVERLAND-HOST is missing.",
                  "legacy raw OVERLAND-SUBNET: rule 1 is \"-j ACCEPT\" instead of \"-j MARK "
                  "--set-xmark 0x200000/0x200000\".",
                  "legacy raw OVERLAND-TO: rule 2, \"-d 10.0.0.201/32 -g OVERLAND-HOST\", is "
                  "missing.",
                  "legacy raw: chain OVERLAND-MINE is not needed."));
}

TEST(DecodeIptc, ReportsSetsThatDoNotFit) {
  FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(65);
  Snapshot snapshot = kernel(encode(policy));
  snapshot.sets["overland-subnets"].plain = false;
  snapshot.sets["overland-left"] = {true, {}};
  EXPECT_THAT(defects(snapshot),
              ElementsAre("ipset overland-subnets is not a plain hash:net of IPv4.",
                          "ipset overland-left is not needed."));
}

TEST(DecodeIptc, JudgesRemnantsWhateverTheDesiredPolicyIs) {
  Snapshot snapshot;
  snapshot.tables[Table::kFilter].chains["OVERLAND-OLD"] = {};
  FirewallPolicy other;
  other.anchor = model::FirewallAnchor::kDockerNft;
  const auto read = decode(snapshot, other);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->defects, ::testing::Contains(HasSubstr("OVERLAND-OLD is not needed")));
}

}  // namespace
}  // namespace overland::firewall::iptc
