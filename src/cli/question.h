#pragma once
// The starter's end of a trial: signals, the terminal, and the question whether to keep the change.

#include <chrono>
#include <iosfwd>

#include "base/unique_fd.h"
#include "trial/watchdog.h"

namespace overland::cli {

/// Ctrl-C and SIGTERM as something to read, from now on.
base::UniqueFd catch_stops();

/// Until the watchdog has its verdict or is dead. Once the change is made the question goes to
/// `out`, and Enter on the terminal confirms; what was typed before does not. A stop asks for the
/// way back.
void wait_for_end(trial::Watchdog& watchdog, const base::UniqueFd& stopped,
                  std::chrono::seconds timeout, std::ostream& out);

}  // namespace overland::cli
