#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace overland::base {

std::string errno_text(int errno_value) { return std::generic_category().message(errno_value); }

void throw_errno(const std::string& what, int errno_value) {
  const bool refused = errno_value == EPERM || errno_value == EACCES;
  throw Error(refused ? ErrorKind::kPrivilege : ErrorKind::kFailure,
              what + ": " + errno_text(errno_value), errno_value);
}

}  // namespace overland::base
