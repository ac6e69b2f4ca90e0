#pragma once
// The way of a packet through the chains of one foreign table, as far as its rules tell it: enough
// to name the rule that drops it, or may, or takes something of it away.

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/trace/rule.h"

namespace overland::firewall::trace {

enum class Loss : std::uint8_t {
  kPacket,
  kMark,    // our bit of it
  kSource,  // its address, by a translation
};

struct TraceDrop {
  Loss loss = Loss::kPacket;
  std::string chain;         // where it is decided
  std::uint64_t handle = 0;  // of the rule; 0: the policy of the base chain
  bool certain = false;      // else it depends on something that cannot be told

  auto operator<=>(const TraceDrop&) const = default;
};

/// What drops the packet on its way through base chain `chain`: at most one is certain, and it is
/// the last; and what takes its mark before that, which it has again afterwards, so that each rule
/// is told for its own. An accept that asks for a protocol or port saves nobody; one that asks for
/// a link that is not known does. A drop that asks for what is not known of all the traffic is told
/// around a tunnel's packets alone, as one that may be. A jump to one of `trusted_chains` is an
/// accept. Throws kFailure where the rules are too many to be followed.
std::vector<TraceDrop> trace(TraceTable& table, const std::string& chain, bool policy_drops,
                             const std::vector<std::string>& trusted_chains, PacketState& state);

}  // namespace overland::firewall::trace
