#pragma once
// The first packet of a connection, as far as it is known: IPv4, without protocol and ports. Pure.

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
  std::uint32_t mark = 0;     // the whole packet mark
};

/// What rules may change while they are followed.
struct PacketState {
  explicit PacketState(const TracedPacket& packet);

  const TracedPacket& packet;
  TraceBytes mark;
};

/// `size` bytes of what NFTA_META_KEY, NFTA_CT_KEY name, and of the IPv4 header from `offset`.
TraceBytes meta_of(const PacketState& state, std::uint32_t key);
TraceBytes connection_of(std::uint32_t key);
TraceBytes header_of(const TracedPacket& packet, std::size_t offset, std::size_t size);

}  // namespace overland::firewall::trace
