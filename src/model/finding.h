#pragma once
// What a look at the machine found that somebody should know: where, what, and what to do about it.

#include <compare>
#include <cstdint>
#include <string>

namespace overland::model {

enum class Severity : std::uint8_t {
  kUnknown,  // could not be looked at: holds removals, restarts and switches back
  kMisfit,   // inventory and machine do not fit there: what needs it waits, removals are held back
};

struct Finding {
  Severity severity = Severity::kUnknown;
  std::string resource;  // "docker", "daemon.json", "link eth1"
  std::string message;   // one clause
  std::string remedy;    // one clause; may be empty

  auto operator<=>(const Finding&) const = default;
};

}  // namespace overland::model
