#pragma once
// The lock of the verbs that change the host, and the trial that may hold it.

#include <optional>
#include <variant>

#include "base/file_lock.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "reconcile/run_record.h"
#include "trial/control.h"

namespace overland::cli {

/// Held at two places, as far as they can be had, but at least at one: the folder of the state
/// file, which nobody else can open and nothing wipes, and the lock file, which older versions
/// know.
struct Lock {
  std::optional<base::FileLock> folder;
  std::optional<base::FileLock> file;
};

/// Where a trial listens: in the folder of the state file, and in that of the lock file.
trial::Places trial_places(const Options& options);

/// Takes the lock, waiting as the options say; not at all while a trial holds it, since that may
/// take minutes: then kLocked is thrown, with the ways to end it.
Lock take_lock(const Options& options);

/// The same for apply, which the timer repeats: the lock, or the code to exit with. A trial that
/// goes on is no fault, and where `quiet` no news; another holder is one from the third time on.
std::variant<Lock, ExitCode> take_lock_or_count(const Options& options, bool quiet);

/// Counts a run that did or did not get its locks; kLocked, or kFailed from the third in a row on.
ExitCode count_locked(reconcile::RunRecord& runs, bool locked);

}  // namespace overland::cli
