#pragma once
// When apply ran and what it has repaired since boot: what status --prometheus counts. Kept in
// /run, so that a run that changes nothing writes to no disk; like all counters it starts again at
// zero with a boot. Losing it costs nothing but the numbers.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "plan/step.h"
#include "reconcile/apply.h"

namespace overland::reconcile {

struct RunRecord {
  std::int64_t last_run = 0;      // begin of the last apply, in seconds since 1970; 0: none
  std::int64_t last_success = 0;  // end of the last whole one that left nothing to do
  std::map<std::string, std::uint64_t> repairs;  // steps done, by plan::kind()
  std::uint64_t locked_in_a_row = 0;   // runs, up to the last one, that did not get a lock in time
  std::vector<std::string> told = {};  // hashes of the warnings that the journal has got

  auto operator<=>(const RunRecord&) const = default;
};

/// An absent, unreadable or damaged file gives the default, and so does one that others than root
/// could change.
RunRecord load_runs(const std::filesystem::path& file);

/// Throws what errno says where it cannot be written.
void store_runs(const std::filesystem::path& file, const RunRecord& record);

/// Counts the steps that were done.
void count_repairs(const std::vector<StepReport>& steps, RunRecord& record);

}  // namespace overland::reconcile
