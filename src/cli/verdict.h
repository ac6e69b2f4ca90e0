#pragma once
// How a host stands, the gravest that is so: one word for status, its exit code with --check, the
// metric overland_status and the colours of graph.

#include <cstdint>
#include <string>

#include "plan/plan.h"

namespace overland::cli {

/// The numbers are those of the metric and of the exit code.
enum class Verdict : std::uint8_t {
  kInSync = 0,
  kUnknown = 1,   // something could not be looked at; of the rest nothing below
  kDrift = 2,     // something differs, does not fit, is held back or waits for a restart of Docker
  kConflict = 3,  // something foreign is in the way
};

/// `refused`: not the present inventory is in force, but the one applied last.
Verdict verdict_of(const plan::Plan& plan, bool refused);

/// As JSON names it: "in_sync", "unknown", "drift", "conflict".
const char* name(Verdict verdict);

/// "in sync", or all that is not: "1 conflict, 2 changes to make".
std::string show_standing(const plan::Plan& plan, bool refused);

}  // namespace overland::cli
