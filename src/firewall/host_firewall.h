#pragma once
// The firewall of this machine: finds out in which kind of tables an accept counts here, keeps
// table `ip overland` and the anchors there, and the other kind free of ours. Where Docker's rules
// stand in both (iptables' alternative was switched without a reboot: what Docker wrote before
// still drops), the anchors do so, too.
//
// The table is written first and removed last. It is what clears a mark somebody else set, so there
// is never an accept of the mark without it; and it decides about sources and masquerades, which a
// flow keeps for life, before any anchor lets a flow through. A table without anchors lets nothing
// in, and takes nothing away.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "firewall/anchors.h"
#include "firewall/flows.h"
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
  std::function<void(const LostTrust& lost, const base::Deadline& deadline)> cut_flows;
};

class HostFirewall : public host::Firewall {
 public:
  /// Keeps `deadline`, which has to outlive it: nobody is waited for longer.
  explicit HostFirewall(base::Deadline& deadline, const HostFirewallOptions& options = {});
  HostFirewall(base::Deadline& deadline, HostFirewallOptions options, FirewallParts parts);

  model::FirewallFacts facts(const model::DockerFacts& docker) override;
  std::vector<model::Finding> droppers(const model::FirewallPolicy& desired) override;
  /// Remnants of ours in the other variant are a defect, unless Docker's rules stand there; where
  /// no anchor stands but there, that is the variant in force. Goes by what facts() saw where that
  /// was asked just before. Throws only where the variant of `desired` cannot be read; whether the
  /// other one can is told by facts().
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override;
  /// Writes the policy of `step.to`, then takes ours out of the other variant, or puts the anchors
  /// there, too; then cuts the flows of what is no longer trusted. Where that failed it is told
  /// with droppers(), and is a defect until it is made up.
  void apply(const plan::FirewallStep& step) override;
  std::vector<std::string> remnants() override;
  bool guards_links() override;

 private:
  [[nodiscard]] Anchors& anchors(model::FirewallVariant variant) const;
  /// nullopt where they cannot be read: facts() has looked at the same tables, and said so.
  std::optional<AnchorsFound> look_at_others(model::FirewallVariant others, const Places& wanted,
                                             std::uint32_t mark);
  void remove_others(model::FirewallVariant others);
  void put_anchors(const model::FirewallPolicy& to, const Marks& marks);
  /// A policy of FORWARD that is ours goes where `from` says that it stands, and stays else; so
  /// does that of `lifts`.
  void remove_all(const model::FirewallPolicy& from,
                  const std::vector<model::FirewallVariant>& lifts);
  void end_flows(const LostTrust& lost);
  /// Where FORWARD has its policy DROP from us.
  std::vector<model::FirewallVariant> closed();
  void put_guard(std::optional<model::FirewallVariant> forward_policy,
                 const std::vector<model::FirewallVariant>& ours);
  /// What program iptables is; one that fails is asked once.
  std::string iptables();

  base::Deadline& deadline_;
  HostFirewallOptions options_;
  std::optional<base::Error> iptables_fault_;
  // As facts() saw them last; nothing of ours changes them.
  bool legacy_forward_drops_ = false;
  bool docker_in_both_ = false;
  std::string flows_fault_;  // why those of the last apply() could not be cut
  FirewallParts parts_;
};

}  // namespace overland::firewall
