#pragma once
// Kernel parameters under /proc/sys, by their sysctl(8) names. Those under net. are the network
// namespace's of this process.

#include <filesystem>
#include <string>

#include "host/ports.h"

namespace overland::kernel {

/// The file of a parameter: as sysctl(8) does, the first of '.' and '/' in `key` separates, and the
/// other one stands for it inside a name ("net.ipv4.conf.eth0/100.rp_filter" is that of eth0.100).
/// Throws kInvalid where a part is empty, "." or "..".
std::filesystem::path sysctl_path(const std::string& key);

class SysctlTree : public host::Sysctls {
 public:
  std::optional<std::string> read(const std::string& key) override;
  /// Throws kUnsupported where the kernel has no such parameter.
  void apply(const plan::SysctlStep& step) override;
};

}  // namespace overland::kernel
