#pragma once
// What is said of a rule that drops, and what helps. Pure.

#include <cstdint>
#include <string>

#include "firewall/trace/packet.h"
#include "firewall/trace/trace.h"
#include "firewall/trace/way.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// Our mark is set at prerouting with this priority; at INPUT around a tunnel's packets alone. What
/// the tunnel sends has it at OUTPUT until kSentMarked.
inline constexpr std::int32_t kMarked = -310;
inline constexpr std::int32_t kOuterMarked = -10;
inline constexpr std::int32_t kSentMarked = -310;

/// " drops traffic from … to …"
std::string what_happens(const TraceDrop& drop, const TracedPacket& packet);
/// "; Docker uses …" of a table of the variant that Docker does not use; else empty.
std::string unused(const ForeignTable& table, const model::FirewallPolicy& policy);
/// What to do, a command behind the last ": " where there is one. It lets in no more than what the
/// packet stands for.
std::string remedy(const Stop& stop, const TraceDrop& drop, const TracedPacket& packet,
                   const model::FirewallPolicy& policy);

}  // namespace overland::firewall::trace
