#pragma once
// SavedState as the text of state.json, and back. Bytes that are not UTF-8 survive, which JSON
// cannot hold as they are.

#include <string>
#include <string_view>

#include "reconcile/saved_state.h"

namespace overland::reconcile {

std::string to_text(const SavedState& state);

struct Understood {
  SavedState state;     // the default where there is a fault
  std::string fault;    // a clause: "is damaged", "has the unknown version 7"; empty: none
  std::string version;  // names a copy of what was not understood: "damaged", "7"
};

/// What is missing has its default; members that are not known are kept in state.unknown.
Understood from_text(std::string_view text);

}  // namespace overland::reconcile
