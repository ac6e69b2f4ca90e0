#pragma once
// The firewall of this machine: finds out in which kind of tables an accept counts here, keeps
// table `ip overland` and the anchors there, and the other kind free of ours.
//
// The table is written first and removed last. It is what clears a mark somebody else set, so there
// is never an accept of the mark without it; and it decides about sources and masquerades, which a
// flow keeps for life, before any anchor lets a flow through. A table without anchors lets nothing
// in, and takes nothing away.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "firewall/anchors.h"
#include "firewall/legacy/anchors.h"
#include "firewall/policy_table.h"
#include "firewall/trace/ask_droppers.h"
#include "host/ports.h"

namespace overland::firewall {

struct HostFirewallOptions {
  std::optional<model::FirewallVariant> variant;  // --firewall nft|iptc; nullopt: auto
  IptcOptions iptc;
  trace::TraceOptions trace;
};

/// What writes into the kernel.
struct FirewallParts {
  std::unique_ptr<PolicyTable> table;
  std::unique_ptr<Anchors> nft;
  std::unique_ptr<Anchors> legacy;
};

class HostFirewall : public host::Firewall {
 public:
  /// Keeps `deadline`, which has to outlive it: nobody is waited for longer.
  explicit HostFirewall(base::Deadline& deadline, HostFirewallOptions options = {});
  HostFirewall(base::Deadline& deadline, HostFirewallOptions options, FirewallParts parts);

  model::FirewallFacts facts(const model::DockerFacts& docker) override;
  std::vector<model::Finding> droppers(const model::FirewallPolicy& desired) override;
  /// Remnants of ours in the other variant are a defect; where no anchor stands but there, that is
  /// the variant in force. Goes by what facts() saw where that was asked just before. Throws only
  /// where the variant of `desired` cannot be read; whether the other one can is told by facts().
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override;
  /// Writes the policy of `step.to`, then takes ours out of the other variant.
  void apply(const plan::FirewallStep& step) override;

 private:
  Anchors& anchors(model::FirewallVariant variant);
  /// nullopt where they cannot be read: facts() has looked at the same tables, and said so.
  std::optional<AnchorsFound> look_at_others(model::FirewallVariant others, std::uint32_t mark);
  void remove_others(model::FirewallVariant others);
  void remove_all(model::FirewallVariant in_force);
  /// What program iptables is; one that fails is asked once.
  std::string iptables();

  base::Deadline& deadline_;
  HostFirewallOptions options_;
  std::optional<base::Error> iptables_fault_;
  bool legacy_forward_drops_ = false;  // as facts() saw it last; nothing of ours changes it
  FirewallParts parts_;
};

}  // namespace overland::firewall
