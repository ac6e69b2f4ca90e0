#pragma once
// The legacy driver: the policy as chains OVERLAND-* of the raw, filter and nat tables, written
// with libiptc under the xtables lock. Lists of more than 64 prefixes become ipsets `overland-…`.
// Knows nothing between two calls: every read and write starts from what the kernel holds.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "firewall/driver.h"

namespace overland::firewall {

struct IptcOptions {
  /// The file every iptables-legacy program locks while it changes a table (iptables(8), --wait).
  std::filesystem::path lock = "/run/xtables.lock";
  /// How long to wait for it before kLocked is thrown; nullopt: what is left of the deadline.
  std::optional<std::chrono::milliseconds> patience;
  /// Told one sentence, once a write, when waiting for the lock starts. May be empty.
  std::function<void(const std::string&)> notice;
};

/// Its write() and remove() throw kLocked where the lock stays taken, kUnsupported where the kernel
/// lacks legacy tables or ipset, kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW. Keeps
/// `deadline`; what it waits because of a `patience` that was given does not count against that.
std::unique_ptr<Driver> make_iptc_driver(base::Deadline& deadline, IptcOptions options = {});

}  // namespace overland::firewall
