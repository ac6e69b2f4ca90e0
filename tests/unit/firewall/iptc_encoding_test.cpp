// The legacy encoding is pure: policies in, chains out.

#include "firewall/iptc_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "base/error.h"
#include "model/ownership.h"
#include "unit/firewall/iptc_policies.h"

namespace overland::firewall::iptc {
namespace {

using model::Address;
using model::FirewallPolicy;
using model::Prefix;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(const Encoding& encoding, Table table, const std::string& chain) {
  std::vector<std::string> result;
  for (const Rule& rule : encoding.tables.at(table).chains.at(chain)) {
    result.push_back(to_string(rule));
  }
  return result;
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

}  // namespace
}  // namespace overland::firewall::iptc
