#pragma once
// Whether a condition of an nf_tables rule holds for a packet of which only something is known.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "firewall/trace.h"

namespace overland::firewall {

enum class Answer : std::uint8_t {
  kNo,
  kYes,
  kUnsure,  // about a link or an address, and more would have to be known
  kOpen,    // about something else: true of some of the traffic only
};

/// The answer to "this and that".
Answer both(Answer a, Answer b);

/// `match`: {"op": …, "left": …, "right": …} of libnftables-json(5).
Answer matches(const nlohmann::json& match, const TracedPacket& packet);

/// The statement an anonymous verdict map by link name gives; nullopt: none, or another map.
std::optional<nlohmann::json> look_up(const nlohmann::json& vmap, const TracedPacket& packet);

}  // namespace overland::firewall
