#pragma once
// What one rule does with a packet: its expressions carried out on bytes of which some are known.
// An expression nobody has told us about decides nothing for certain.

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/trace/packet.h"
#include "firewall/trace/table.h"

namespace overland::firewall::trace {

/// kTranslate: the packet gets another source, and leaves.
enum class Verdict : std::uint8_t { kAccept, kDrop, kReturn, kJump, kGoto, kTranslate };

/// A rule has none or one; a verdict map that cannot be told has one for each entry it may be.
struct Branch {
  Answer applies = Answer::kYes;
  Verdict verdict = Verdict::kAccept;
  std::string target;  // of kJump and kGoto
};

/// In the order in which they count. Changes the marks of `state` as the rule does.
std::vector<Branch> follow_rule(Bytes expressions, TraceTable& table, PacketState& state);

}  // namespace overland::firewall::trace
