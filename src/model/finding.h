#pragma once
// What a look at the machine found that somebody should know: where, what, and what to do about it.

#include <compare>
#include <cstdint>
#include <string>

namespace overland::model {

enum class Severity : std::uint8_t {
  kUnknown,   // could not be looked at: holds removals, restarts and switches back
  kMisfit,    // inventory and machine do not fit there: what needs it waits, removals are held back
  kConflict,  // loses packets, or is in the way, and not ours to change: left alone
  kUntold,    // whether it does cannot be told: holds nothing back
  kAdvice,    // works today, may break tomorrow
  kRefusal,   // would cut the machine off: nothing of the plan is carried out
};

struct Finding {
  Severity severity = Severity::kUnknown;
  std::string resource;  // "docker", "daemon.json", "link eth1"
  std::string message;   // one clause
  std::string remedy;    // what to do, one clause or commands; may be empty

  /// "the link is down; remedy: bring it up"
  [[nodiscard]] std::string sentence() const {
    return remedy.empty() ? message : message + "; remedy: " + remedy;
  }

  auto operator<=>(const Finding&) const = default;
};

}  // namespace overland::model
