#pragma once
// Bytes of a packet of which only some bits are known, and what can be said of them. Pure.

#include <cstdint>
#include <vector>

#include "firewall/attributes.h"

namespace overland::firewall::trace {

/// Whether a condition holds for the packet.
enum class Answer : std::uint8_t {
  kNo,
  kYes,
  kUnsure,  // depends on links, which are not known for traffic that only passes
  kMaybe,   // cannot be told, or holds for some of the addresses only
  kOpen,    // about something else (a port): holds for some of the traffic only
};

/// The answer to "this and that".
Answer both(Answer a, Answer b);
/// The answer to "not this".
Answer opposite(Answer answer);

struct TraceByte {
  std::uint8_t value = 0;         // its known bits; all others 0
  std::uint8_t known = 0;         // which bits are known
  Answer doubt = Answer::kMaybe;  // to a question that the other bits decide
};

using TraceBytes = std::vector<TraceByte>;

TraceBytes known_bytes(Bytes bytes);
TraceBytes unknown_bytes(std::size_t size, Answer doubt);

/// (value & kept) ^ toggled, of as many bytes as `kept` has.
TraceBytes changed_bits(TraceBytes value, Bytes kept, Bytes toggled);
/// What is known of a value that is `now` where `answer` holds, else `before`.
TraceBytes either(const TraceBytes& before, const TraceBytes& now, Answer answer);

/// Whether `value` begins with `expected`.
Answer equals(const TraceBytes& value, Bytes expected);
/// Whether `value`, as one big-endian number of first.size() bytes, is from `first` to `last`.
Answer within(const TraceBytes& value, Bytes first, Bytes last);

}  // namespace overland::firewall::trace
