#pragma once
// The whole firewall against this kernel, spoken to as the tests want it. The variant is the
// policy's.

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "firewall/host_firewall.h"

namespace overland::tests {

class Applied {
 public:
  explicit Applied(firewall::HostFirewallOptions options = {})
      : firewall_(deadline_, std::move(options)) {}

  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) {
    return firewall_.read(desired);
  }
  void write(const model::FirewallPolicy& policy) {
    const auto now = firewall_.read(policy);
    firewall_.apply({now ? std::optional(now->policy) : std::nullopt, policy});
  }
  void remove(const model::FirewallPolicy& in_force = {}) { firewall_.apply({in_force, {}}); }

 private:
  base::Deadline deadline_{std::chrono::minutes(10)};  // more than any test takes
  firewall::HostFirewall firewall_;
};

}  // namespace overland::tests
