// The legacy encoding is pure: policies in, chains out, and back again.

#include "firewall/iptc_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "firewall/iptc_decoding.h"
#include "model/ownership.h"
#include "unit/states.h"

namespace overland::firewall::iptc {
namespace {

using model::Address;
using model::FirewallPolicy;
using model::Prefix;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

/// `count` prefixes of /24 no two of which are neighbours.
std::vector<Prefix> scattered(std::size_t count) {
  std::vector<Prefix> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.emplace_back(Address::from_ipv4(0x0a000000U + (static_cast<std::uint32_t>(i) << 9U)),
                        std::uint8_t{24});
  }
  return result;
}

FirewallPolicy docker_host() { return tests::two_hosts_policy(model::FirewallVariant::kLegacy); }

FirewallPolicy router() {
  FirewallPolicy policy = docker_host();
  policy.anchor = model::FirewallAnchor::kForward;
  policy.underlay_links = {"eth0", "eth1"};
  policy.transit = {prefix("10.0.0.0/24"), prefix("10.1.0.0/24"), prefix("192.168.200.0/24")};
  policy.masquerades = {{"eth2", {prefix("10.0.0.0/24"), prefix("192.168.200.0/24")}}};
  return policy;
}

std::vector<std::string> texts(const Encoding& encoding, Table table, const std::string& chain) {
  std::vector<std::string> result;
  for (const Rule& rule : encoding.tables.at(table).chains.at(chain)) {
    result.push_back(to_string(rule));
  }
  return result;
}

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

TEST(EncodeIptc, MarksTrustedTrafficInRaw) {
  const Encoding encoding = encode(docker_host());
  EXPECT_EQ(encoding.tables.at(Table::kRaw).anchor, "PREROUTING");
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-RAW"),
              ElementsAre("-j MARK --set-xmark 0x0/0x200000", "-i eth0 -j OVERLAND-IN",
                          "-i docker0 -j OVERLAND-OUT"));
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-IN"),
              ElementsAre("-d 192.168.100.0/24 -j OVERLAND-FROM"));
  EXPECT_THAT(
      texts(encoding, Table::kRaw, "OVERLAND-FROM"),
      ElementsAre("-s 192.168.200.0/24 -g OVERLAND-SUBNET", "-s 10.0.0.201/32 -g OVERLAND-HOST"));
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-SUBNET"),
              ElementsAre("-j MARK --set-xmark 0x200000/0x200000", "-j ACCEPT"));
}

TEST(EncodeIptc, AcceptsTheMarkInDockerUserAndKeepsTheSource) {
  const Encoding encoding = encode(docker_host());
  EXPECT_EQ(encoding.tables.at(Table::kFilter).anchor, "DOCKER-USER");
  EXPECT_THAT(texts(encoding, Table::kFilter, "OVERLAND-FORWARD"),
              ElementsAre("-m mark --mark 0x200000/0x200000 -j ACCEPT"));
  EXPECT_THAT(texts(encoding, Table::kNat, "OVERLAND-NAT"),
              ElementsAre("-s 192.168.100.0/24 -m mark --mark 0x200000/0x200000 -j ACCEPT"));
}

TEST(EncodeIptc, WithoutConntrackUntracksBridgeSubnetsOnlyAndExemptsNothingFromNat) {
  FirewallPolicy policy = docker_host();
  policy.conntrack = false;
  const Encoding encoding = encode(policy);
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-SUBNET"),
              ElementsAre("-j MARK --set-xmark 0x200000/0x200000", "-j CT --notrack", "-j ACCEPT"));
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-HOST"),
              ElementsAre("-j MARK --set-xmark 0x200000/0x200000", "-j ACCEPT"));
  EXPECT_THAT(texts(encoding, Table::kNat, "OVERLAND-NAT"), IsEmpty());
}

TEST(EncodeIptc, ChecksSourceAndDestinationOfTransitOneAfterTheOther) {
  const Encoding encoding = encode(router());
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-IN"),
              ElementsAre("-d 192.168.100.0/24 -j OVERLAND-FROM", "-j OVERLAND-TRANSIT"));
  EXPECT_THAT(
      texts(encoding, Table::kRaw, "OVERLAND-TRANSIT"),
      ElementsAre("-s 10.0.0.0/24 -g OVERLAND-TRANSIT-TO", "-s 10.1.0.0/24 -g OVERLAND-TRANSIT-TO",
                  "-s 192.168.200.0/24 -g OVERLAND-TRANSIT-TO"));
  EXPECT_EQ(encoding.tables.at(Table::kRaw).chains.at("OVERLAND-TRANSIT-TO").size(), 3U);
}

TEST(EncodeIptc, MasqueradesWhatLeavesTheCluster) {
  const Encoding encoding = encode(router());
  EXPECT_THAT(
      texts(encoding, Table::kNat, "OVERLAND-MASQ-1"),
      ElementsAre("-s 10.0.0.0/24 -g OVERLAND-OUTSIDE", "-s 192.168.200.0/24 -g OVERLAND-OUTSIDE"));
  EXPECT_THAT(texts(encoding, Table::kNat, "OVERLAND-OUTSIDE"),
              ElementsAre("-d 10.0.0.0/24 -j RETURN", "-d 10.1.0.0/24 -j RETURN",
                          "-d 192.168.100.0/24 -j RETURN", "-d 192.168.200.0/24 -j RETURN",
                          "-j MASQUERADE"));
  EXPECT_THAT(
      texts(encoding, Table::kFilter, "OVERLAND-FORWARD"),
      ElementsAre("-m mark --mark 0x200000/0x200000 -j ACCEPT", "-o eth2 -j OVERLAND-MASQ-1",
                  "-i eth2 -m conntrack --ctstate RELATED,ESTABLISHED -j OVERLAND-BACK-1"));
}

TEST(EncodeIptc, WritesSixtyFourPrefixesAsRules) {
  FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(64);
  const Encoding encoding = encode(policy);
  EXPECT_THAT(encoding.sets, IsEmpty());
  EXPECT_EQ(encoding.tables.at(Table::kRaw).chains.at("OVERLAND-FROM").size(), 65U);
}

TEST(EncodeIptc, WritesSixtyFivePrefixesAsASet) {
  FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(65);
  const Encoding encoding = encode(policy);
  EXPECT_EQ(encoding.sets.at("overland-subnets"), policy.peer_subnets);
  EXPECT_THAT(texts(encoding, Table::kRaw, "OVERLAND-FROM"),
              ElementsAre("-m set --match-set overland-subnets src -g OVERLAND-SUBNET",
                          "-s 10.0.0.201/32 -g OVERLAND-HOST"));
}

TEST(EncodeIptc, AggregatesBeforeItCounts) {
  FirewallPolicy policy = docker_host();
  policy.peer_subnets.clear();
  for (std::uint32_t i = 0; i < 256; ++i) {
    policy.peer_subnets.emplace_back(Address::from_ipv4(0x0a010000U + (i << 8U)), std::uint8_t{24});
  }
  EXPECT_THAT(
      texts(encode(policy), Table::kRaw, "OVERLAND-FROM"),
      ElementsAre("-s 10.1.0.0/16 -g OVERLAND-SUBNET", "-s 10.0.0.201/32 -g OVERLAND-HOST"));
}

TEST(EncodeIptc, NamesFitTheKernel) {
  FirewallPolicy policy = router();
  policy.conntrack = false;
  for (auto* list : {&policy.local, &policy.peer_subnets, &policy.transit}) *list = scattered(100);
  policy.masquerades.assign(12, {"eth2", scattered(100)});
  const Encoding encoding = encode(policy);
  for (const auto& [name, prefixes] : encoding.sets) {
    EXPECT_LE(name.size(), 31U) << name;
    EXPECT_TRUE(name.starts_with(kSetPrefix)) << name;
  }
  for (const auto& [id, table] : encoding.tables) {
    for (const auto& [name, chain] : table.chains) {
      EXPECT_LE(name.size(), 28U) << name;
      EXPECT_TRUE(name.starts_with(model::kChainPrefix)) << name;
    }
  }
}

TEST(EncodeIptc, RefusesWhatLegacyRulesCannotSay) {
  const auto kind_of = [](auto change) {
    FirewallPolicy policy = docker_host();
    change(policy);
    try {
      encode(policy);
    } catch (const base::Error& error) {
      return error.kind();
    }
    return base::ErrorKind::kFailure;
  };
  EXPECT_EQ(kind_of([](auto& p) { p.mark = 3; }), base::ErrorKind::kInvalid);
  EXPECT_EQ(kind_of([](auto& p) { p.mark = 0; }), base::ErrorKind::kInvalid);
  EXPECT_EQ(kind_of([](auto& p) { p.bridges = {"a-name-too-long0"}; }), base::ErrorKind::kInvalid);
  EXPECT_EQ(kind_of([](auto& p) { p.bridges = {""}; }), base::ErrorKind::kInvalid);
  EXPECT_EQ(kind_of([](auto& p) { p.local = {prefix("fd00::/64")}; }),
            base::ErrorKind::kUnsupported);
  EXPECT_EQ(kind_of([](auto& p) { p.anchor = model::FirewallAnchor::kDockerNft; }),
            base::ErrorKind::kUnsupported);
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
