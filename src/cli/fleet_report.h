#pragma once
// What became of many hosts, for people and for programs.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fleet/ask.h"

namespace overland::cli {

enum class FleetAction : std::uint8_t { kStatus, kPlan, kPush, kApply };

struct FleetReport {
  FleetAction action = FleetAction::kStatus;
  std::string file;  // the inventory here
  std::string hash;  // of its bytes
  std::optional<std::int64_t> generation;
  std::vector<fleet::HostResult> hosts;
  /// push and apply: why nothing was changed anywhere, or why the last wave was the last; empty
  /// where all went well.
  std::string stopped;

  /// The highest of the hosts' codes.
  [[nodiscard]] int exit_code() const;
};

/// "status", "plan", "push", "apply"
const char* name(FleetAction action);

std::string fleet_text(const FleetReport& report);
std::string fleet_json(const FleetReport& report);

}  // namespace overland::cli
