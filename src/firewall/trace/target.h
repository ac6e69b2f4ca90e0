#pragma once
// What the targets of iptables do with a packet. Only for this folder.

#include <cstdint>

#include "firewall/trace/packet.h"

namespace overland::firewall::trace {

enum class TargetDoes : std::uint8_t {
  kGoesOn,
  kDrops,
  kMayDrop,     // a program decides, or nobody has told us about it
  kTranslates,  // gives the packet another source
};

/// Of a "target" expression. Changes the marks of `state` as it does, where `applies` says so.
TargetDoes follow_target(Bytes data, Answer applies, PacketState& state);

}  // namespace overland::firewall::trace
