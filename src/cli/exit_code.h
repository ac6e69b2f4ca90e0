#pragma once
// The exit codes: an API. 64, 75, 77 and 78 are those of sysexits.h.

#include "base/error.h"

namespace overland::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kPending = 2,       // plan --detailed-exitcode: there are changes to make
  kUsage = 64,        // the command line
  kLocked = 75,       // another process holds the lock; try again
  kNoPrivilege = 77,  // root or CAP_NET_ADMIN is missing
  kInventory = 78,    // the inventory, or its fit to this machine
};

ExitCode exit_code(base::ErrorKind kind);

}  // namespace overland::cli
