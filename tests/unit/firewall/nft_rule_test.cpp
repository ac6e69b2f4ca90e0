#include <gmock/gmock.h>
#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <random>

#include "firewall/nft/rule.h"

namespace overland::firewall::nft {
namespace {

using Blob = std::vector<std::uint8_t>;

std::optional<std::vector<Range>> no_set(const std::string& /*name*/) { return std::nullopt; }

Statements read(const Blob& expressions) { return decode_rule(expressions, no_set); }

void put(Blob& message, std::uint16_t type, const Blob& data) {
  const std::size_t length = data.size() + 4;
  message.push_back(
      static_cast<std::uint8_t>(length & 0xffU));  // little endian, as on this machine
  message.push_back(static_cast<std::uint8_t>(length >> 8U));
  message.push_back(static_cast<std::uint8_t>(type & 0xffU));
  message.push_back(static_cast<std::uint8_t>(type >> 8U));
  message.insert(message.end(), data.begin(), data.end());
  message.resize((message.size() + 3) / 4 * 4, 0);
}

Blob number(std::uint8_t value) { return {0, 0, 0, value}; }

Blob expression(const std::string& name, const Blob& data) {
  Blob inner;
  put_text(inner, NFTA_EXPR_NAME, name);
  put(inner, NFTA_EXPR_DATA, data);
  Blob result;
  put(result, NFTA_LIST_ELEM, inner);
  return result;
}

Blob operator+(Blob left, const Blob& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Blob load_source(std::uint8_t size) {
  Blob data;
  put(data, NFTA_PAYLOAD_DREG, number(1));
  put(data, NFTA_PAYLOAD_BASE, number(NFT_PAYLOAD_NETWORK_HEADER));
  put(data, NFTA_PAYLOAD_OFFSET, number(12));
  put(data, NFTA_PAYLOAD_LEN, number(size));
  return expression("payload", data);
}

Blob equals(const Blob& value) {
  Blob wrapped;
  put(wrapped, NFTA_DATA_VALUE, value);
  Blob data;
  put(data, NFTA_CMP_SREG, number(1));
  put(data, NFTA_CMP_OP, number(NFT_CMP_EQ));
  put(data, NFTA_CMP_DATA, wrapped);
  return expression("cmp", data);
}

Blob masked(const Blob& mask, const Blob& toggled) {
  Blob data;
  put(data, NFTA_BITWISE_SREG, number(1));
  put(data, NFTA_BITWISE_DREG, number(1));
  Blob wrapped;
  put(wrapped, NFTA_DATA_VALUE, mask);
  put(data, NFTA_BITWISE_MASK, wrapped);
  wrapped.clear();
  put(wrapped, NFTA_DATA_VALUE, toggled);
  put(data, NFTA_BITWISE_XOR, wrapped);
  return expression("bitwise", data);
}

Statements source_is(const Range& range) { return {Match{Field::kSource, std::vector{range}}}; }

TEST(Rule, ReadsAnAddressInEachFormTheKernelKeeps) {
  EXPECT_EQ(read(load_source(4) + equals({10, 0, 0, 1})), source_is({0x0a000001, 0x0a000001}));
  EXPECT_EQ(read(load_source(3) + equals({10, 0, 1})), source_is({0x0a000100, 0x0a0001ff}));
  EXPECT_EQ(read(load_source(4) + masked({255, 255, 254, 0}, {0, 0, 0, 0}) + equals({10, 0, 2, 0})),
            source_is({0x0a000200, 0x0a0003ff}));
}

TEST(Rule, DoesNotTakeOddMasksForPrefixes) {
  const Statements unknown = {Unknown{"cmp"}};
  EXPECT_EQ(read(load_source(4) + masked({255, 0, 255, 0}, {0, 0, 0, 0}) + equals({10, 0, 2, 0})),
            unknown);
  EXPECT_EQ(read(load_source(4) + masked({255, 255, 255, 0}, {0, 0, 0, 1}) + equals({10, 0, 2, 0})),
            unknown);
  EXPECT_EQ(read(load_source(3) + masked({255, 255, 254}, {0, 0, 0}) + equals({10, 0, 2})),
            (Statements{Unknown{"bitwise"}, Unknown{"cmp"}}));
}

TEST(Rule, TellsAShortLoadLookedUpFromAWholeOne) {
  Blob in_set;
  put(in_set, NFTA_LOOKUP_SREG, number(1));
  put_text(in_set, NFTA_LOOKUP_SET, "local");
  const auto looked_up = [&](std::uint8_t size) {
    return read(load_source(size) + expression("lookup", in_set));
  };
  Match match = {Field::kSource, SetName{"local"}};
  EXPECT_EQ(looked_up(4), Statements{match});
  match.mask = 0xffffff00;
  EXPECT_EQ(looked_up(3), Statements{match});
}

TEST(Rule, NamesWhatItDoesNotKnow) {
  EXPECT_EQ(read(expression("limit", {}) + expression("counter", {1, 2, 3})),
            (Statements{Unknown{"limit"}, Action::kCounter}));
  EXPECT_EQ(read(equals({1, 2, 3, 4})), Statements{Unknown{"cmp"}});
}

TEST(Rule, SurvivesAnyBytes) {
  std::mt19937 random(3);
  const Blob whole = load_source(4) + masked({255, 255, 254, 0}, {0, 0, 0, 0}) +
                     equals({10, 0, 2, 0}) + expression("counter", {});
  for (int round = 0; round < 20000; ++round) {
    Blob spoilt = whole;
    for (int i = 0; i < 4; ++i) {
      spoilt[std::uniform_int_distribution<std::size_t>(0, spoilt.size() - 1)(random)] =
          static_cast<std::uint8_t>(random());
    }
    spoilt.resize(std::uniform_int_distribution<std::size_t>(0, spoilt.size())(random));
    read(spoilt);
  }
}

}  // namespace
}  // namespace overland::firewall::nft
