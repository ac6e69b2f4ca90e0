#pragma once
// Carrying out a plan. A failed step stops only what depends on it; every step's end is reported.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "host/ports.h"
#include "reconcile/survey.h"

namespace overland::reconcile {

enum class Status { kDone, kFailed, kSkipped };

struct StepReport {
  plan::Step step;
  Status status = Status::kDone;
  bool locked = false;           // failed because another process held a lock
  base::Boxed<std::string> why;  // set where it failed or was skipped: most of many are done
};

/// Executes in order; runs of route steps, and of neighbours, go to the kernel in large
/// batches.
std::vector<StepReport> execute(const host::Ports& ports, std::vector<plan::Step> steps);

struct ApplyReport {
  std::vector<StepReport> steps;  // of all passes, in order
  std::string memory_fault;       // why the memory could not be written, or of a purge, what it
                                  // holds not be put back; empty when it was
  std::string look_fault;         // why the host could not be looked at again; empty when it was
  std::vector<std::string> remnants;  // of a purge: what bears our mark and is none of this
                                      // version's; a newer one may have made it
  Survey after;                       // what is found when all is done; its plan is what remains

  /// Whether anything was done.
  [[nodiscard]] bool changed() const;
  /// Whether, looked at again, nothing is left to do, and a restart of Docker had its effect.
  [[nodiscard]] bool converged() const;
  /// Whether, beside that, everything could be looked at, fits, and nothing is held back.
  [[nodiscard]] bool settled() const;
  /// Of a purge: whether nothing is left, where everything of ours could be read.
  [[nodiscard]] bool complete() const;
  /// Whether a step failed because another process held a lock: later it may be done.
  [[nodiscard]] bool locked() const;
};

enum class Passes : std::uint8_t {
  kSeveral,  // up to five
  kOne,      // whoever asks for it comes again
};

/// Remembers what `before.plan` replaces, executes it, looks again, and makes another pass where
/// that leaves work: a restart of Docker puts its own rules above ours. Up to five, as long as each
/// gets something done, within some two seconds beside the work itself. Asks who else drops last.
/// Once a step was done nothing is thrown any more: what fails then is in the report. While
/// `saved_file` cannot be written, sysctls are remembered in `spare`, and Docker's keys are not
/// replaced.
ApplyReport apply(const host::Ports& ports, Survey before, const Goal& goal,
                  const std::filesystem::path& saved_file, SavedState saved,
                  const plan::Options& options, const std::filesystem::path& spare = {},
                  Passes passes = Passes::kSeveral);

}  // namespace overland::reconcile
