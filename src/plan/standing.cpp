#include "plan/standing.h"

#include <algorithm>

namespace overland::plan {

bool blind(const model::Observed& observed) {
  return std::any_of(observed.findings.begin(), observed.findings.end(), [](const auto& finding) {
    return finding.severity == model::Severity::kUnknown;
  });
}

bool forwarding_waits(const model::Observed& observed, const model::HostState& desired,
                      const model::HostFacts& facts, bool ours) {
  const bool guarded = desired.firewall && desired.firewall->guard != model::FirewallGuard::kNone;
  const bool unread = observed.firewall_unread || !facts.firewall.variant;
  if (guarded && unread && facts.forwarding == model::Forwarding::kOff) return true;
  return blind(observed) && !ours && facts.docker.instance.empty();
}

void keep_standing(model::HostState& desired, const model::Observed& observed,
                   const model::HostFacts& facts) {
  const auto& actual = observed.state.firewall;
  if (desired.firewall && !facts.firewall.variant && !actual) desired.firewall.reset();
  if (!blind(observed) || !desired.firewall || !actual) return;
  desired.firewall->variant = actual->variant;
  desired.firewall->anchor = actual->anchor;
  // Which guard it takes may be a guess, that one stays is none.
  if (actual->guard != model::FirewallGuard::kNone) desired.firewall->guard = actual->guard;
}

}  // namespace overland::plan
