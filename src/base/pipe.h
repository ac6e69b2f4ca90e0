#pragma once
// A pipe(7) whose ends close themselves, and are not inherited by programs that are run.

#include "base/unique_fd.h"

namespace overland::base {

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

/// Throws what errno says where there is none to be had.
Pipe make_pipe();

}  // namespace overland::base
