// The exit code of each kind of error, and what stands around the whole program.

#include "cli/exit_code.h"

#include <spdlog/spdlog.h>

#include <iostream>
#include <new>

#include "cli/log.h"

namespace overland::cli {

ExitCode exit_code(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::kUsage:
      return kUsage;
    case base::ErrorKind::kLocked:
    case base::ErrorKind::kUnavailable:
      return kLocked;
    case base::ErrorKind::kPrivilege:
      return kNoPrivilege;
    case base::ErrorKind::kInventory:
      return kInventory;
    case base::ErrorKind::kFailure:
    case base::ErrorKind::kInvalid:
    case base::ErrorKind::kUnsupported:
      return kFailed;
  }
  return kFailed;
}

int guarded(const std::function<int()>& work) {
  try {
    const int code = work();
    std::cout.flush();
    if (!std::cout) {
      spdlog::error("cannot write to standard output");
      return kFailed;
    }
    return code;
  } catch (const base::Error& error) {
    log_lines(spdlog::level::err, error.what());
    return exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    spdlog::error("out of memory");
    return kFailed;
  } catch (const std::exception& error) {
    // A library's that nobody below has converted: still a sentence and an exit code of ours.
    spdlog::error("unexpected: {}", error.what());
    return kFailed;
  }
}

}  // namespace overland::cli
