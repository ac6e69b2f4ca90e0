#pragma once
// What overland on another host says of itself, read strictly: only the fields that are asked for,
// of their types and bounded. Texts are made printable here.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace overland::fleet {

struct StatusTold {
  std::string host;
  std::string status;  // "in_sync", "unknown", "drift", "conflict"
  std::string hash;
  std::optional<std::int64_t> generation;
  std::string refused;    // why the file there does not count; empty: it counts
  std::size_t drift = 0;  // settings and routes that differ
  std::size_t conflicts = 0;
  bool restart_required = false;

  auto operator<=>(const StatusTold&) const = default;
};

struct ProbeTold {
  std::size_t peers = 0;  // that were asked, from whichever stand fewest were reached
  std::size_t reached = 0;
  bool all = false;  // as the host itself sees it

  auto operator<=>(const ProbeTold&) const = default;
};

struct PlanTold {
  std::string host;
  std::size_t steps = 0;
  std::size_t held = 0;
  std::size_t conflicts = 0;
  bool in_sync = false;

  auto operator<=>(const PlanTold&) const = default;
};

struct ApplyTold {
  std::string host;
  bool changed = false;
  bool converged = false;
  std::size_t conflicts = 0;
  bool restart_required = false;

  auto operator<=>(const ApplyTold&) const = default;
};

/// "0.2.0" of "overland 0.2.0"; throws kInvalid where it is none.
std::string version_told(std::string_view text);

/// Throw kInvalid with a clause: "its status is no JSON", "its status has no host", "… is of
/// schema 1, which this overland does not read".
StatusTold status_told(std::string_view json);
ProbeTold probe_told(std::string_view json);
PlanTold plan_told(std::string_view json);
ApplyTold apply_told(std::string_view json);

/// The first error of `overland validate --json`, in a line: "12:3: OVL-E041: …"; empty: none.
std::string fault_told(std::string_view json);

}  // namespace overland::fleet
