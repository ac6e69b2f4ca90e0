#pragma once
// The anchors in the legacy tables, written with libiptc under the xtables lock. Knows nothing
// between two writes: each starts from what the kernel holds. Earlier versions of overland had
// their whole policy in these tables and in ipsets; what is left of that goes with the first put()
// or remove().

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "firewall/anchors.h"

namespace overland::firewall {

struct IptcOptions {
  /// The file every iptables-legacy program locks while it changes a table (iptables(8), --wait).
  std::filesystem::path lock = "/run/xtables.lock";
  /// How long to wait for it before kLocked is thrown; nullopt: what is left of the deadline.
  std::optional<std::chrono::milliseconds> patience;
  /// Told one sentence, once a write, when waiting for the lock starts. May be empty.
  std::function<void(const std::string&)> notice;
};

/// Its put() and remove() throw kLocked where the lock stays taken, kUnsupported where the kernel
/// lacks legacy tables, kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW. Keeps `deadline`; what it
/// waits because of a `patience` that was given does not count against that.
std::unique_ptr<Anchors> make_legacy_anchors(base::Deadline& deadline, IptcOptions options = {});

}  // namespace overland::firewall
