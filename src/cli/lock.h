#pragma once
// The lock of the verbs that change the host, and the trial that may hold it.

#include <filesystem>

#include "base/file_lock.h"
#include "cli/options.h"

namespace overland::cli {

/// The socket of a trial; in the folder of the lock.
std::filesystem::path trial_socket(const Options& options);

/// Whether a trial waits to be confirmed or is being rolled back.
bool trial_runs(const Options& options);

/// Takes the lock, waiting as the options say; not at all while a trial holds it, since that may
/// take minutes: then kLocked is thrown, with the ways to end it.
base::FileLock take_lock(const Options& options);

}  // namespace overland::cli
