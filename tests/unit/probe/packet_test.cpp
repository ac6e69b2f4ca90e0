// The bytes of echoes, errors and ARP.

#include "probe/packet.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace overland {
namespace {

using namespace probe;
using Bytes = std::vector<std::uint8_t>;

constexpr EchoName kName = {0x1234, 7, 0x0102030405060708, 0x0a0b0c0d};

model::Address at(const char* text) { return *model::Address::parse(text); }

Bytes packet(const char* from, const char* to, const Bytes& message) {
  Bytes bytes(20);
  bytes[0] = 0x45;
  bytes[9] = 1;
  std::ranges::copy(at(from).bytes(), &bytes[12]);
  std::ranges::copy(at(to).bytes(), &bytes[16]);
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

Bytes error(std::uint8_t type, std::uint8_t code, const Bytes& quoted, std::uint16_t mtu = 0) {
  Bytes bytes = {
      type, code, 0, 0, 0, 0, static_cast<std::uint8_t>(mtu >> 8U), static_cast<std::uint8_t>(mtu)};
  bytes.insert(bytes.end(), quoted.begin(), quoted.end());
  return bytes;
}

/// RFC 1071: the sum of a message with its checksum is all ones.
std::uint32_t sum(const Bytes& message) {
  std::uint32_t result = 0;
  for (std::size_t i = 0; i + 1 < message.size(); i += 2) {
    result += static_cast<std::uint32_t>(message[i] << 8U | message[i + 1]);
  }
  while (result > 0xffffU) result = (result & 0xffffU) + (result >> 16U);
  return result;
}

TEST(EchoRequest, HasItsSizeItsNumbersAndAChecksum) {
  const Bytes message = echo_request(kName, 1500);
  EXPECT_EQ(message.size(), 1480U);
  EXPECT_EQ(message[0], 8);
  EXPECT_EQ(message[4], 0x12);
  EXPECT_EQ(message[7], 7);
  EXPECT_EQ(sum(message), 0xffffU);
  EXPECT_EQ(echo_request(kName, 0).size(), std::size_t{kShortest} - kIpHeader);
}

TEST(ReadIcmp, KnowsItsOwnReplyByTheCookie) {
  Bytes reply = echo_request(kName, kShortest);
  reply[0] = kEchoReply;
  const auto heard = read_icmp(packet("10.0.0.2", "10.0.0.1", reply), kName.cookie);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->from, at("10.0.0.2"));
  EXPECT_EQ(heard->asked, at("10.0.0.2"));
  EXPECT_EQ(heard->to, at("10.0.0.1"));
  EXPECT_EQ(heard->number, kName.number);
  EXPECT_EQ(heard->id, kName.id);
  EXPECT_FALSE(read_icmp(packet("10.0.0.2", "10.0.0.1", reply), kName.cookie + 1));
}

TEST(ReadIcmp, KnowsWhomAnErrorIsAbout) {
  const Bytes request = packet("10.0.0.1", "192.168.2.9", echo_request(kName, kShortest));
  const Bytes head(request.begin(), request.begin() + 28);
  const auto heard = read_icmp(packet("10.0.0.2", "10.0.0.1", error(3, 4, head, 1400)), 0);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->from, at("10.0.0.2"));
  EXPECT_EQ(heard->asked, at("192.168.2.9"));
  EXPECT_EQ(heard->mtu, 1400U);
  EXPECT_EQ(heard->sequence, kName.sequence);
  EXPECT_FALSE(heard->number) << "errors need not quote more than the header";
  const auto whole = read_icmp(packet("10.0.0.2", "10.0.0.1", error(11, 0, request)), kName.cookie);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->number, kName.number);
}

TEST(ReadIcmp, TakesNothingElse) {
  const Bytes request = packet("10.0.0.1", "192.168.2.9", echo_request(kName, kShortest));
  Bytes other = request;
  other[9] = 17;  // UDP
  EXPECT_FALSE(read_icmp(other, kName.cookie));
  Bytes later = request;
  later[7] = 1;  // a fragment's offset
  EXPECT_FALSE(read_icmp(later, kName.cookie));
  Bytes reply_quoted = request;
  reply_quoted[20] = kEchoReply;
  EXPECT_FALSE(read_icmp(packet("10.0.0.2", "10.0.0.1", error(3, 1, reply_quoted)), 0));
  EXPECT_FALSE(read_icmp(packet("10.0.0.2", "10.0.0.1", error(5, 1, request)), 0)) << "a redirect";
}

TEST(ReadIcmp, ReadsNoFurtherThanThereIs) {
  const Bytes request = packet("10.0.0.1", "192.168.2.9", echo_request(kName, kShortest));
  const Bytes whole = packet("10.0.0.2", "10.0.0.1", error(3, 4, request, 1400));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(read_icmp(cut, kName.cookie).has_value(), size >= 56) << size;
  }
  Bytes long_header = request;
  long_header[0] = 0x4f;  // 60 bytes, which are not there
  EXPECT_FALSE(read_icmp(long_header, kName.cookie));
}

TEST(Arp, AsksAndReads) {
  const Mac mac = {2, 11, 10, 0, 0, 1};
  const auto question = arp_question(mac, at("10.0.0.1"), at("10.0.0.2"));
  EXPECT_EQ(question[7], 1) << "a request";
  EXPECT_EQ(question[13], 1);
  EXPECT_EQ(question[27], 2);
  EXPECT_EQ(read_arp(question), at("10.0.0.1"));
  EXPECT_FALSE(read_arp(arp_question(mac, model::Address(), at("10.0.0.2"))));
  EXPECT_FALSE(read_arp(std::span(question).first(27)));
  auto other = question;
  other[1] = 6;  // IEEE 802
  EXPECT_FALSE(read_arp(other));
}

}  // namespace
}  // namespace overland
