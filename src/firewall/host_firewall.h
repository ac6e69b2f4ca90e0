#pragma once
// The firewall of this machine: finds out which variant counts here, hands the policy to its
// driver, and keeps the other variant free of our rules.

#include <memory>
#include <optional>

#include "firewall/driver.h"
#include "firewall/iptc_driver.h"
#include "host/ports.h"

namespace overland::firewall {

struct HostFirewallOptions {
  std::optional<model::FirewallVariant> variant;  // --firewall nft|iptc; nullopt: auto
  IptcOptions iptc;
};

class HostFirewall : public host::Firewall {
 public:
  explicit HostFirewall(HostFirewallOptions options = {});
  /// With these drivers instead of the kernel's.
  HostFirewall(HostFirewallOptions options, std::unique_ptr<Driver> nft,
               std::unique_ptr<Driver> iptc);

  model::FirewallFacts facts(const model::DockerFacts& docker) override;
  std::vector<std::string> droppers(const model::FirewallPolicy& desired) override;
  /// Remnants of ours in the other variant are a defect; where they are all there is of ours, they
  /// are what is in force.
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override;
  /// Writes the policy of `step.to`, then takes ours out of the other variant.
  void apply(const plan::FirewallStep& step) override;

 private:
  Driver& driver(model::FirewallVariant variant);

  HostFirewallOptions options_;
  std::unique_ptr<Driver> nft_;
  std::unique_ptr<Driver> iptc_;
};

}  // namespace overland::firewall
