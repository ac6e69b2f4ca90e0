#include "probe/packet.h"

#include <algorithm>

namespace overland::probe {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kIcmpHeader = 8;
constexpr std::uint8_t kIcmp = 1;  // protocol number of IANA

template <typename Number>
void put(std::uint8_t* into, Number number) {
  for (std::size_t i = sizeof(Number); i-- > 0; number = static_cast<Number>(number >> 8U)) {
    into[i] = static_cast<std::uint8_t>(number & 0xffU);
  }
}

template <typename Number>
Number get(Bytes from, std::size_t place) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8U | from[place + i];
  return static_cast<Number>(number);
}

/// RFC 1071.
std::uint16_t checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8U) | (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  }
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

/// An IPv4 packet of ICMP, as far as it is there.
struct Icmp {
  model::Address from;
  model::Address to;
  Bytes message;
};

std::optional<Icmp> open(Bytes packet) {
  if (packet.size() < kIpHeader || packet[0] >> 4U != 4 || packet[9] != kIcmp) return std::nullopt;
  const std::size_t header = std::size_t{packet[0] & 0xfU} * 4;
  const bool later_fragment = (get<std::uint16_t>(packet, 6) & 0x1fffU) != 0;
  if (header < kIpHeader || packet.size() < header + kIcmpHeader || later_fragment) {
    return std::nullopt;
  }
  return Icmp{model::Address::from_bytes(packet.subspan(12, 4)),
              model::Address::from_bytes(packet.subspan(16, 4)), packet.subspan(header)};
}

bool quotes(std::uint8_t type) {
  constexpr std::array<std::uint8_t, 4> kErrors = {kUnreachable, 4, kTimeExceeded, 12};
  return std::ranges::find(kErrors, type) != kErrors.end();
}

}  // namespace

std::vector<std::uint8_t> echo_request(const EchoName& name, std::uint16_t size) {
  std::vector<std::uint8_t> message(std::size_t{std::max(size, kShortest)} - kIpHeader);
  message[0] = kEchoRequest;
  put(&message[4], name.id);
  put(&message[6], name.sequence);
  put(&message[kIcmpHeader], name.cookie);
  put(&message[kIcmpHeader + 8], name.number);
  put(&message[2], checksum(message));
  return message;
}

std::optional<Heard> read_icmp(Bytes packet, std::uint64_t cookie) {
  const auto icmp = open(packet);
  if (!icmp) return std::nullopt;
  Heard heard;
  heard.from = icmp->from;
  heard.to = icmp->to;
  heard.type = icmp->message[0];
  heard.code = icmp->message[1];
  const bool echo = heard.type == kEchoReply || heard.type == kEchoRequest;
  if (!echo && !quotes(heard.type)) return std::nullopt;
  const auto about = echo ? icmp : open(icmp->message.subspan(kIcmpHeader));
  if (!about || (!echo && about->message[0] != kEchoRequest)) return std::nullopt;
  const Bytes message = about->message;
  heard.id = get<std::uint16_t>(message, 4);
  heard.sequence = get<std::uint16_t>(message, 6);
  heard.asked = heard.type == kEchoReply ? heard.from : about->to;
  if (message.size() >= kIcmpHeader + 12 && get<std::uint64_t>(message, kIcmpHeader) == cookie) {
    heard.number = get<std::uint32_t>(message, kIcmpHeader + 8);
  }
  if (echo && !heard.number) return std::nullopt;
  if (heard.type == kUnreachable && heard.code == kTooBig) {
    heard.mtu = get<std::uint16_t>(icmp->message, 6);
  }
  return heard;
}

std::array<std::uint8_t, 28> arp_question(const Mac& mac, const model::Address& sender,
                                          const model::Address& target) {
  // Ethernet, IPv4, their lengths, request.
  std::array<std::uint8_t, 28> bytes = {0, 1, 8, 0, 6, 4, 0, 1};
  std::ranges::copy(mac, &bytes[8]);
  std::ranges::copy(sender.bytes(), &bytes[14]);
  std::ranges::copy(target.bytes(), &bytes[24]);
  return bytes;
}

std::optional<model::Address> read_arp(Bytes packet) {
  constexpr std::array<std::uint8_t, 6> kHead = {0, 1, 8, 0, 6, 4};
  if (packet.size() < 28 || !std::equal(kHead.begin(), kHead.end(), packet.begin())) {
    return std::nullopt;
  }
  const auto sender = model::Address::from_bytes(packet.subspan(14, 4));
  return sender == model::Address() ? std::nullopt : std::optional(sender);
}

}  // namespace overland::probe
