#pragma once
// The exit codes: an API. 1 to 3 of status --check are those of verdict.h; 64, 69, 75, 77 and 78
// are those of sysexits.h.

#include <functional>

#include "base/error.h"

namespace overland::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kPending = 2,       // plan --detailed-exitcode: there are changes to make; status --check: drift
  kInTheWay = 3,      // status --check: conflicts
  kUsage = 64,        // the command line
  kUnreachable = 69,  // fleet: a host that ssh does not get to
  kLocked = 75,       // another process holds the lock, or a source does not answer; try again
  kNoPrivilege = 77,  // root or CAP_NET_ADMIN is missing
  kInventory = 78,    // the inventory, or its fit to this machine
};

ExitCode exit_code(base::ErrorKind kind);

/// The exit code `work` gives, or that of what it throws, which is logged. Never throws.
int guarded(const std::function<int()>& work);

}  // namespace overland::cli
