#pragma once
// The bytes of what is sent and heard: ICMP echo (RFC 792) and ARP (RFC 826). Pure. Each echo
// carries the run's cookie and its own number, which tell it from everybody else's, also where an
// address was translated on the way.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/address.h"

namespace overland::probe {

inline constexpr std::uint16_t kIpHeader = 20;  // bytes, without options
/// Bytes from the begin of an IPv4 packet of ours to its cookie: both headers.
inline constexpr std::uint16_t kCookiePlace = kIpHeader + 8;
/// The shortest packet of ours: headers, cookie and number.
inline constexpr std::uint16_t kShortest = kCookiePlace + 12;

/// ICMP types and codes, of RFC 792 and RFC 1191.
inline constexpr std::uint8_t kEchoReply = 0;
inline constexpr std::uint8_t kUnreachable = 3;
inline constexpr std::uint8_t kHostUnreachable = 1;  // a code, as the next ones
inline constexpr std::uint8_t kTooBig = 4;
inline constexpr std::uint8_t kEchoRequest = 8;
inline constexpr std::uint8_t kTimeExceeded = 11;

/// What identifies one echo to the one who gets it, and to us.
struct EchoName {
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
  std::uint64_t cookie = 0;
  std::uint32_t number = 0;
};

/// An echo request without its IP header, so long that the packet has `size` bytes, or as long as
/// the shortest one.
std::vector<std::uint8_t> echo_request(const EchoName& name, std::uint16_t size);

/// An ICMP packet that has to do with an echo of ours.
struct Heard {
  model::Address from;
  model::Address to;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;                // bytes; where code is kTooBig
  std::uint16_t id = 0;                 // of the echo, as the next two
  std::uint16_t sequence = 0;           //
  std::optional<std::uint32_t> number;  // where it came whole; errors quote but the headers
  model::Address asked;                 // whom the echo was sent to
};

/// Reads an IPv4 packet; nullopt where it is no echo with this cookie, and no error about an echo.
std::optional<Heard> read_icmp(std::span<const std::uint8_t> packet, std::uint64_t cookie);

using Mac = std::array<std::uint8_t, 6>;

/// Who has `target`? Where `sender` is 0.0.0.0 nobody's table is changed (RFC 5227).
std::array<std::uint8_t, 28> arp_question(const Mac& mac, const model::Address& sender,
                                          const model::Address& target);
/// Who says in `packet` that an address is his; nullopt where it is no ARP of IPv4 over Ethernet.
std::optional<model::Address> read_arp(std::span<const std::uint8_t> packet);

}  // namespace overland::probe
