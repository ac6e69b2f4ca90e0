#pragma once
// The one exception type of the project. Whatever fails below (errno, libnl codes, third-party
// exceptions) is converted to it once, where it crosses into our code; nothing else is thrown.

#include <stdexcept>
#include <string>

namespace overland::base {

enum class ErrorKind {
  kFailure,      // anything without a better name; errno_value() may say more
  kUsage,        // the command line is wrong (exit 64)
  kLocked,       // another process holds a lock we need (exit 75)
  kUnavailable,  // a source of inventories does not give one now (exit 75)
  kPrivilege,    // the kernel refused for lack of CAP_NET_ADMIN or root (exit 77)
  kInventory,    // the inventory is missing, unreadable or faulty (exit 78)
  kInvalid,      // data of somebody else (daemon.json, a kernel reply) cannot be understood
  kUnsupported,  // the kernel, a tool or a Docker version lacks what we need
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, int errno_value = 0)
      : std::runtime_error(message), kind_(kind), errno_value_(errno_value) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  /// The errno behind it, 0 where there was none.
  [[nodiscard]] int errno_value() const { return errno_value_; }

 private:
  ErrorKind kind_;
  int errno_value_;
};

/// Throws an Error whose message is "what: strerror(errno_value)". EPERM and EACCES become
/// kPrivilege, everything else kFailure.
[[noreturn]] void throw_errno(const std::string& what, int errno_value);

/// "No such file or directory" for ENOENT; safe in threads.
std::string errno_text(int errno_value);

}  // namespace overland::base
