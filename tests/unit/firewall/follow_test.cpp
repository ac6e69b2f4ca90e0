// What nf_tables tells of traced packets, as bytes and joined to flows.

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <cstdint>
#include <set>

#include "firewall/attributes.h"
#include "firewall/follow/brackets.h"
#include "firewall/follow/journeys.h"
#include "firewall/follow/legacy_counters.h"

namespace overland::firewall::follow {
namespace {

using Message = std::vector<std::uint8_t>;

model::Address address(const char* text) { return *model::Address::parse(text); }

Message big_endian(std::uint64_t number, std::size_t size) {
  Message bytes(size);
  for (std::size_t i = size; i-- > 0; number >>= 8U) bytes[i] = static_cast<std::uint8_t>(number);
  return bytes;
}

/// An echo request from 192.168.100.2 to 192.168.200.2 with id 0x1267 and sequence 1.
constexpr std::array<std::uint8_t, 20> kNetwork = {
    0x45, 0, 0, 84, 0xa6, 0xdd, 0x40, 0, 64, 1, 0, 0, 192, 168, 100, 2, 192, 168, 200, 2};
constexpr std::array<std::uint8_t, 8> kTransport = {8, 0, 0x11, 0x22, 0x12, 0x67, 0, 1};

Message message(std::uint32_t type, std::uint32_t code) {
  Message result;
  put_text(result, NFTA_TRACE_TABLE, "filter");
  put_text(result, NFTA_TRACE_CHAIN, "FORWARD");
  put_bytes(result, NFTA_TRACE_TYPE, big_endian(type, 4));
  put_bytes(result, NFTA_TRACE_ID, big_endian(7, 4));
  put_bytes(result, NFTA_TRACE_NETWORK_HEADER, kNetwork);
  put_bytes(result, NFTA_TRACE_TRANSPORT_HEADER, kTransport);
  put_bytes(result, NFTA_TRACE_IIF, big_endian(3, 4));
  if (type == NFT_TRACETYPE_POLICY) {
    put_bytes(result, NFTA_TRACE_POLICY, big_endian(code, 4));
    return result;
  }
  put_bytes(result, NFTA_TRACE_RULE_HANDLE, big_endian(12, 8));
  Message verdict;
  put_bytes(verdict, NFTA_VERDICT_CODE, big_endian(code, 4));
  put_bytes(result, NFTA_TRACE_VERDICT, verdict);
  return result;
}

TEST(Sighting, SaysWhereAPacketIsAndWhatItIs) {
  const Sighting seen = read_sighting(NFPROTO_INET, message(NFT_TRACETYPE_RULE, NF_DROP));
  EXPECT_EQ(seen.place, (Place{NFPROTO_INET, "filter", "FORWARD", 12}));
  EXPECT_EQ(seen.walk, 7U);
  EXPECT_EQ(seen.in_link, 3U);
  EXPECT_TRUE(seen.dropped);
  ASSERT_TRUE(seen.header);
  EXPECT_EQ(*seen.header, (IcmpHeader{address("192.168.100.2"), address("192.168.200.2"), 0xa6dd, 8,
                                      0, 0x1267, 1}));
}

TEST(Sighting, OnlyADropDrops) {
  const auto drops = [](std::uint32_t type, std::int32_t code) {
    return read_sighting(2, message(type, static_cast<std::uint32_t>(code))).dropped;
  };
  EXPECT_TRUE(drops(NFT_TRACETYPE_POLICY, NF_DROP));
  EXPECT_TRUE(drops(NFT_TRACETYPE_RULE, 13 << 16));  // NF_DROP_ERR(-EACCES)
  for (const std::int32_t code : {NF_ACCEPT, NF_STOLEN, NF_QUEUE, static_cast<int>(NFT_CONTINUE),
                                  static_cast<int>(NFT_JUMP), -256}) {
    EXPECT_FALSE(drops(NFT_TRACETYPE_RULE, code)) << code;
  }
  EXPECT_FALSE(drops(NFT_TRACETYPE_POLICY, NF_ACCEPT));
  EXPECT_FALSE(drops(NFT_TRACETYPE_RETURN, NF_DROP));
  EXPECT_FALSE(read_sighting(2, {}).dropped);
}

TEST(Sighting, HeadersThatAreShortOrOfAnotherProtocolAreNone) {
  const auto header = [](Bytes network, Bytes transport) {
    Message bytes;
    put_bytes(bytes, NFTA_TRACE_NETWORK_HEADER, network);
    put_bytes(bytes, NFTA_TRACE_TRANSPORT_HEADER, transport);
    return read_sighting(2, bytes).header;
  };
  EXPECT_TRUE(header(kNetwork, kTransport));
  EXPECT_FALSE(header(Bytes(kNetwork).first(19), kTransport));
  EXPECT_FALSE(header(kNetwork, Bytes(kTransport).first(7)));
  auto tcp = kNetwork;
  tcp[9] = 6;
  EXPECT_FALSE(header(tcp, kTransport));
  auto six = kNetwork;
  six[0] = 0x60;
  EXPECT_FALSE(header(six, kTransport));
}

class JourneysTest : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kId = 5;

  Sighting first(std::uint8_t type, const char* from, const char* to, std::uint64_t handle = 1) {
    Sighting seen;
    seen.walk = ++walk_;
    seen.place = {NFPROTO_IPV4, "ours", "flows", handle};
    seen.header = IcmpHeader{address(from), address(to), walk_id(), type, 0, kId, 1};
    return seen;
  }
  /// What is told next of the same packet: by another walk it comes with its header.
  static Sighting next(const Sighting& before, Place place, bool dropped, std::uint32_t walk) {
    Sighting seen = before;
    seen.place = std::move(place);
    seen.dropped = dropped;
    seen.walk = walk;
    if (walk == before.walk) seen.header.reset();
    return seen;
  }
  std::uint16_t walk_id() const { return static_cast<std::uint16_t>(walk_); }

  const std::vector<WitnessedFlow> flows_ = {{address("10.0.0.1"), address("10.0.1.1"), kId}};
  Journeys journeys_{flows_, "ours", {{1, {0, false}}, {2, {0, true}}}};
  std::uint32_t walk_ = 0;
};

TEST_F(JourneysTest, APacketIsFollowedFromHookToHook) {
  const Sighting start = first(8, "10.0.0.1", "10.0.1.1");
  EXPECT_TRUE(journeys_.take(start));
  EXPECT_TRUE(journeys_.take(next(start, {2, "ours", "routing", 0}, false, start.walk)));
  const Place place = {2, "filter", "FORWARD", 9};
  EXPECT_TRUE(journeys_.take(next(start, place, true, 77)));
  ASSERT_EQ(journeys_.all().size(), 1U);
  EXPECT_FALSE(journeys_.all()[0].reply);
  EXPECT_EQ(journeys_.all()[0].last, "routing");
  EXPECT_EQ(journeys_.all()[0].dropped, place);
}

TEST_F(JourneysTest, AnswersAreReplies) {
  EXPECT_TRUE(journeys_.take(first(0, "10.0.1.1", "10.9.9.9")));  // before it is translated back
  EXPECT_TRUE(journeys_.take(first(3, "10.0.9.9", "10.0.0.1", 2)));
  ASSERT_EQ(journeys_.all().size(), 2U);
  EXPECT_TRUE(journeys_.all()[0].reply);
  EXPECT_TRUE(journeys_.all()[1].reply);
}

TEST_F(JourneysTest, OthersAreLeftAlone) {
  EXPECT_FALSE(journeys_.take(first(8, "10.0.1.1", "10.0.0.1")));  // a ping the other way
  EXPECT_FALSE(journeys_.take(first(0, "10.0.9.9", "10.0.0.1")));
  EXPECT_FALSE(journeys_.take(first(8, "10.0.0.1", "10.0.1.1", 2)));  // its payload fits by chance
  EXPECT_FALSE(journeys_.take(first(8, "10.0.0.1", "10.0.1.1", 3)));  // no rule of ours
  Sighting elsewhere = first(8, "10.0.0.1", "10.0.1.1");
  elsewhere.place.table = "theirs";
  EXPECT_FALSE(journeys_.take(elsewhere));
  EXPECT_FALSE(journeys_.take({}));
  EXPECT_TRUE(journeys_.all().empty());
}

/// The kernel gives a number again.
TEST_F(JourneysTest, AWalkOfAnotherPacketIsNotTakenForOurs) {
  const Sighting start = first(8, "10.0.0.1", "10.0.1.1");
  EXPECT_TRUE(journeys_.take(start));
  Sighting other = first(8, "172.16.0.1", "10.0.1.1");
  other.place.table = "theirs";
  other.walk = start.walk;
  EXPECT_FALSE(journeys_.take(other));
  EXPECT_FALSE(journeys_.take(next(other, {2, "theirs", "c", 4}, true, other.walk)));
  EXPECT_FALSE(journeys_.all()[0].dropped);
}

TEST(Brackets, StandAroundWhatLives) {
  std::set<std::string> names;
  for (const Bracket& one : brackets({"filter"})) names.insert(one.name);
  EXPECT_TRUE(names.contains("before-filter-FORWARD"));
  EXPECT_TRUE(names.contains("after-filter-FORWARD"));
  EXPECT_FALSE(names.contains("before-raw-PREROUTING"));
  EXPECT_EQ(names.size(), brackets({"filter"}).size());
  for (const Bracket& one : brackets({})) EXPECT_TRUE(one.legacy_table.empty()) << one.name;
}

class ProbableDropper : public ::testing::Test {
 protected:
  static LegacyDropper rule(std::size_t number, std::uint64_t packets) {
    LegacyDropper result;
    result.chain = "DOCKER-USER";
    result.rule = number;
    result.packets = packets;
    result.words = "drop";
    return result;
  }
  static std::string named(const std::vector<LegacyDropper>& before,
                           const std::vector<LegacyDropper>& after) {
    return probable_dropper("filter", "FORWARD", before, after, 5, address("10.0.0.1"),
                            address("10.0.1.1"));
  }
};

TEST_F(ProbableDropper, IsTheOneWhoseCountFits) {
  EXPECT_EQ(named({rule(1, 0), rule(2, 0), rule(3, 9)}, {rule(1, 90), rule(2, 5), rule(3, 13)}),
            "legacy filter DOCKER-USER, rule 2: drop");
}

TEST_F(ProbableDropper, IsNobodyWhereNoneFits) {
  EXPECT_EQ(named({rule(1, 0)}, {rule(1, 4)}), "legacy filter FORWARD, or a chain below it");
  EXPECT_EQ(named({rule(1, 7)}, {rule(1, 2)}), "legacy filter FORWARD, or a chain below it");
  EXPECT_EQ(named({}, {rule(1, 5)}), "legacy filter FORWARD, or a chain below it");
}

TEST_F(ProbableDropper, AsksForTheAddressesItSaw) {
  LegacyDropper other = rule(1, 5);
  other.source = address("10.9.0.0").ipv4();
  other.source_mask = 0xffff0000;
  LegacyDropper inverted = other;
  inverted.source_inverted = true;
  EXPECT_FALSE(other.concerns(address("10.0.0.1"), address("10.0.1.1")));
  EXPECT_TRUE(inverted.concerns(address("10.0.0.1"), address("10.0.1.1")));
  EXPECT_EQ(named({rule(1, 0)}, {other}), "legacy filter FORWARD, or a chain below it");
}

}  // namespace
}  // namespace overland::firewall::follow
