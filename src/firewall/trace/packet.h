#pragma once
// The first packet of a connection, as far as it is known: IPv4, without protocol and ports; or one
// that is around those of a tunnel. Pure.

#include <cstdint>
#include <string>

#include "firewall/trace/bytes.h"
#include "model/address.h"

namespace overland::firewall::trace {

struct TracedPacket {
  std::string in;             // link it comes in on; empty: not known
  std::string out;            // likewise
  model::Prefix source;       // stands for each address in it
  model::Prefix destination;  // likewise
  std::uint32_t mark = 0;     // the whole packet mark, once our table has set it
  bool passes = false;        // neither end is on this host
  std::uint16_t outer = 0;    // around a tunnel's packet, to this UDP port; 0: not
  bool sent = false;          // such a one that this host sends; else it comes here
  bool tagged = false;        // the frame may be a VLAN's
};

/// Where the packet is, and what rules may change while they are followed.
struct PacketState {
  explicit PacketState(const TracedPacket& packet);

  /// Whether the mark has lost a bit that `packet` has. kOpen: of some of the traffic.
  [[nodiscard]] Answer mark_lost() const;

  const TracedPacket& packet;
  TraceBytes mark;
  /// New connections have none: what of it is known are the zeros where our bit is.
  TraceBytes connection_mark;
  bool tracked = true;            // connection tracking (-200 at prerouting) has seen it
  bool untracked = false;         // our table has told it to leave an outer packet alone
  bool routed = true;             // it is known which link it leaves by
  Answer reached = Answer::kYes;  // whether it gets to the rule that is followed
  bool guessed = false;           // a condition of that rule could not be told
};

/// A number as registers hold it, in the byte order of the machine.
TraceBytes host_number(std::uint32_t number);

/// `size` bytes of what NFTA_META_KEY, NFTA_CT_KEY name, and of a header from `offset` on.
TraceBytes meta_of(const PacketState& state, std::uint32_t key);
TraceBytes connection_of(const PacketState& state, std::uint32_t key);
bool asks_for_socket(std::uint32_t meta_key);
/// `base`: which header, NFT_PAYLOAD_…
TraceBytes payload_of(const TracedPacket& packet, std::uint32_t base, std::size_t offset,
                      std::size_t size);
/// NF_CT_STATE_… of linux/netfilter/nf_conntrack_common.h.
std::uint32_t connection_state(const PacketState& state);

}  // namespace overland::firewall::trace
