#pragma once
// The firewall of this machine: finds out which variant counts here, hands the policy to its
// driver, and keeps the other variant free of our rules.

#include <memory>
#include <optional>

#include "base/deadline.h"
#include "base/error.h"
#include "firewall/ask_droppers.h"
#include "firewall/driver.h"
#include "firewall/iptc_driver.h"
#include "host/ports.h"

namespace overland::firewall {

struct HostFirewallOptions {
  std::optional<model::FirewallVariant> variant;  // --firewall nft|iptc; nullopt: auto
  IptcOptions iptc;
  TraceOptions trace;
};

class HostFirewall : public host::Firewall {
 public:
  /// Keeps `deadline`, which has to outlive it: nobody is waited for longer.
  explicit HostFirewall(base::Deadline& deadline, HostFirewallOptions options = {});
  /// With these drivers instead of the kernel's.
  HostFirewall(base::Deadline& deadline, HostFirewallOptions options, std::unique_ptr<Driver> nft,
               std::unique_ptr<Driver> iptc);

  model::FirewallFacts facts(const model::DockerFacts& docker) override;
  std::vector<model::Finding> droppers(const model::FirewallPolicy& desired) override;
  /// Remnants of ours in the other variant are a defect; where they are all there is of ours, they
  /// are what is in force. Throws only where the variant of `desired` cannot be read; whether the
  /// other one can is told by facts().
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override;
  /// Writes the policy of `step.to`, then takes ours out of the other variant.
  void apply(const plan::FirewallStep& step) override;

 private:
  Driver& driver(model::FirewallVariant variant);
  /// What program iptables is; one that fails is asked once.
  std::string iptables();

  base::Deadline& deadline_;
  HostFirewallOptions options_;
  std::optional<base::Error> iptables_fault_;
  std::unique_ptr<Driver> nft_;
  std::unique_ptr<Driver> iptc_;
};

}  // namespace overland::firewall
