#pragma once
// The legacy driver: the policy as chains OVERLAND-* of the raw, filter and nat tables, written
// with libiptc under the xtables lock. Lists of more than 64 prefixes become ipsets `overland-…`.
// Knows nothing between two calls: every read and write starts from what the kernel holds.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "firewall/driver.h"

namespace overland::firewall {

struct IptcOptions {
  /// The file every iptables-legacy program locks while it changes a table (iptables(8), --wait).
  std::filesystem::path lock = "/run/xtables.lock";
  /// How long to wait for it before kLocked is thrown.
  std::chrono::milliseconds patience = std::chrono::seconds(60);
  /// Told one sentence, once a write, when waiting for the lock starts. May be empty.
  std::function<void(const std::string&)> notice;
};

/// Its write() and remove() throw kLocked where the lock stays taken, kUnsupported where the kernel
/// lacks legacy tables or ipset, kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW.
std::unique_ptr<Driver> make_iptc_driver(IptcOptions options = {});

}  // namespace overland::firewall
