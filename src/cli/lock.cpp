#include "cli/lock.h"

#include "base/error.h"
#include "trial/control.h"

namespace overland::cli {

std::filesystem::path trial_socket(const Options& options) {
  return std::filesystem::path(options.lock_file).parent_path() / "try.sock";
}

bool trial_runs(const Options& options) {
  return trial::ask(trial_socket(options), trial::kStatus).has_value();
}

base::FileLock take_lock(const Options& options) {
  try {
    return base::FileLock(options.lock_file);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kLocked) throw;
  }
  if (const auto left = trial::ask(trial_socket(options), trial::kStatus)) {
    throw base::Error(base::ErrorKind::kLocked,
                      "a trial runs and is rolled back in " + *left +
                          " s unless confirmed: overland confirm keeps it, overland confirm --undo "
                          "ends it at once");
  }
  return base::FileLock(options.lock_file, std::chrono::seconds(options.wait_seconds));
}

}  // namespace overland::cli
