#include "firewall/trace/packet.h"

#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace overland::firewall::trace {
namespace {

constexpr std::size_t kLongest = 64;  // all registers of nf_tables

TraceBytes one_byte(std::uint8_t number) { return known_bytes(Bytes(&number, 1)); }

/// A link of the packet; `none`: there it has none, which is another thing than not known.
struct TracedLink {
  std::string name;
  bool none = false;
  Answer doubt = Answer::kUnsure;
};

/// What this host sends has come by no link, and what goes to it leaves by none.
TracedLink in_of(const PacketState& state) {
  const TracedPacket& packet = state.packet;
  if (packet.outer == 0) return {packet.in};
  return {packet.in, packet.sent, Answer::kMaybe};
}

TracedLink out_of(const PacketState& state) {
  const TracedPacket& packet = state.packet;
  if (packet.outer == 0) return {state.routed ? packet.out : ""};
  return {packet.out, !packet.sent, Answer::kMaybe};
}

TraceBytes link_name(const TracedLink& link) {
  std::array<std::uint8_t, IFNAMSIZ> bytes = {};
  if (link.none) return known_bytes(bytes);
  if (link.name.empty()) return unknown_bytes(bytes.size(), link.doubt);
  std::copy_n(link.name.begin(), std::min<std::size_t>(link.name.size(), IFNAMSIZ - 1),
              bytes.begin());
  return known_bytes(bytes);
}

TraceBytes link_index(const TracedLink& link) {
  if (link.none) return host_number(0);
  const std::uint32_t index = link.name.empty() ? 0 : ::if_nametoindex(link.name.c_str());
  return index == 0 ? unknown_bytes(sizeof index, link.doubt) : host_number(index);
}

void put_address(TraceBytes& header, std::size_t offset, const model::Prefix& prefix) {
  const std::uint32_t address = prefix.network().ipv4();
  for (unsigned i = 0; i < 4; ++i) {
    const auto bits = static_cast<unsigned>(
        std::clamp(static_cast<int>(prefix.length()) - static_cast<int>(8 * i), 0, 8));
    const auto known = static_cast<std::uint8_t>(0xff00U >> bits);
    const auto byte = static_cast<std::uint8_t>(address >> (24 - 8 * i));
    header[offset + i] = {static_cast<std::uint8_t>(byte & known), known, Answer::kMaybe};
  }
}

TraceBytes header_of(const TracedPacket& packet, std::size_t offset, std::size_t size) {
  constexpr std::size_t kProtocol = 9;  // of struct iphdr, linux/ip.h
  constexpr std::size_t kSource = 12;
  constexpr std::size_t kDestination = 16;
  constexpr std::size_t kHeader = 20;
  if (offset > kHeader || size > kLongest) return unknown_bytes(kLongest, Answer::kOpen);
  TraceBytes header = unknown_bytes(kHeader + kLongest, Answer::kOpen);
  header[0] = {0x40, 0xf0, Answer::kOpen};
  if (packet.outer != 0) header[kProtocol] = {IPPROTO_UDP, 0xff, Answer::kOpen};
  put_address(header, kSource, packet.source);
  put_address(header, kDestination, packet.destination);
  const auto start = header.begin() + static_cast<std::ptrdiff_t>(offset);
  return {start, start + static_cast<std::ptrdiff_t>(size)};
}

TraceBytes transport_of(const TracedPacket& packet, std::size_t offset, std::size_t size) {
  constexpr std::size_t kPort = 2;  // of struct udphdr, linux/udp.h
  TraceBytes bytes = unknown_bytes(std::min(size, kLongest), Answer::kOpen);
  // A tunnel's source ports are those of the kernel's default range, 32768 and more.
  if (packet.outer != 0 && offset == 0 && !bytes.empty()) bytes[0] = {0x80, 0x80, Answer::kOpen};
  for (std::size_t i = 0; i < 2 && packet.outer != 0; ++i) {
    const std::size_t at = kPort + i;
    if (at < offset || at - offset >= bytes.size()) continue;
    const auto byte = static_cast<std::uint8_t>(packet.outer >> (8U - 8U * i));
    bytes[at - offset] = {byte, 0xff, Answer::kOpen};
  }
  return bytes;
}

TraceBytes frame_of(const TracedPacket& packet, std::size_t offset, std::size_t size) {
  constexpr std::size_t kKind = 12;  // of struct ethhdr, linux/if_ether.h
  constexpr std::array<std::uint8_t, 2> kIpv4 = {0x08, 0x00};
  if (packet.tagged) return unknown_bytes(std::min(size, kLongest), Answer::kMaybe);
  TraceBytes bytes = unknown_bytes(std::min(size, kLongest), Answer::kOpen);
  for (std::size_t i = 0; i < kIpv4.size(); ++i) {
    const std::size_t at = kKind + i;
    if (at < offset || at - offset >= bytes.size()) continue;
    bytes[at - offset] = {kIpv4.at(i), 0xff, Answer::kOpen};
  }
  return bytes;
}

}  // namespace

TraceBytes host_number(std::uint32_t number) {
  std::array<std::uint8_t, sizeof number> bytes = {};
  std::memcpy(bytes.data(), &number, sizeof number);
  return known_bytes(bytes);
}

PacketState::PacketState(const TracedPacket& of)
    : packet(of), mark(host_number(of.mark)), connection_mark(mark) {
  for (TraceByte& byte : connection_mark) byte = {0, byte.value, Answer::kMaybe};
}

Answer PacketState::mark_lost() const {
  const TraceBytes ours = host_number(packet.mark);
  Answer lost = Answer::kNo;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::uint8_t bits = ours[i].value;
    if ((mark[i].known & bits & ~mark[i].value) != 0) return Answer::kYes;
    if ((bits & ~mark[i].known) != 0) lost = std::max(lost, mark[i].doubt);
  }
  return lost;
}

TraceBytes meta_of(const PacketState& state, std::uint32_t key) {
  constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_IPV4
  switch (key) {
    case NFT_META_MARK:
      return state.mark;
    case NFT_META_IIFNAME:
      return link_name(in_of(state));
    case NFT_META_OIFNAME:
      return link_name(out_of(state));
    case NFT_META_IIF:
      return link_index(in_of(state));
    case NFT_META_OIF:
      return link_index(out_of(state));
    case NFT_META_NFPROTO:
      return one_byte(kIpv4);
    case NFT_META_L4PROTO:
      if (state.packet.outer == 0) return unknown_bytes(kLongest, Answer::kOpen);
      return one_byte(IPPROTO_UDP);
    case NFT_META_PROTOCOL:
      return known_bytes(std::array<std::uint8_t, 2>{0x08, 0x00});  // ETH_P_IP
    case NFT_META_PKTTYPE:
      return one_byte(0);  // PACKET_HOST
    case NFT_META_IIFKIND:
    case NFT_META_OIFKIND:
    case NFT_META_IIFGROUP:
    case NFT_META_OIFGROUP:
    case NFT_META_SDIF:
    case NFT_META_SDIFNAME:
      return unknown_bytes(kLongest, Answer::kMaybe);
    case NFT_META_IIFTYPE:
    case NFT_META_OIFTYPE:
      return unknown_bytes(kLongest, state.packet.outer != 0 ? Answer::kMaybe : Answer::kOpen);
    default:
      return unknown_bytes(kLongest, Answer::kOpen);
  }
}

bool asks_for_socket(std::uint32_t meta_key) {
  return meta_key == NFT_META_SKUID || meta_key == NFT_META_SKGID || meta_key == NFT_META_CGROUP;
}

std::uint32_t connection_state(const PacketState& state) {
  constexpr std::uint32_t kInvalid = 1;     // NF_CT_STATE_INVALID_BIT
  constexpr std::uint32_t kNew = 8;         // NF_CT_STATE_BIT(IP_CT_NEW)
  constexpr std::uint32_t kUntracked = 64;  // NF_CT_STATE_UNTRACKED_BIT
  if (state.tracked) return kNew;
  return state.packet.outer != 0 && state.untracked ? kUntracked : kInvalid;
}

TraceBytes connection_of(const PacketState& state, std::uint32_t key) {
  switch (key) {
    case NFT_CT_STATE:
      return host_number(connection_state(state));
    case NFT_CT_STATUS:
      return host_number(0);  // nobody translates it
    case NFT_CT_DIRECTION:
      return one_byte(0);  // IP_CT_DIR_ORIGINAL
    case NFT_CT_MARK:
      return state.connection_mark;
    case NFT_CT_LABELS:
    case NFT_CT_ZONE:
      return unknown_bytes(kLongest, Answer::kMaybe);
    default:
      return unknown_bytes(kLongest, Answer::kOpen);
  }
}

TraceBytes payload_of(const TracedPacket& packet, std::uint32_t base, std::size_t offset,
                      std::size_t size) {
  switch (base) {
    case NFT_PAYLOAD_LL_HEADER:
      return frame_of(packet, offset, size);
    case NFT_PAYLOAD_NETWORK_HEADER:
      return header_of(packet, offset, size);
    case NFT_PAYLOAD_TRANSPORT_HEADER:
      return transport_of(packet, offset, size);
    default:
      return unknown_bytes(std::min(size, kLongest), Answer::kOpen);
  }
}

}  // namespace overland::firewall::trace
