#include "plan/standing.h"

#include <algorithm>

namespace overland::plan {

bool blind(const model::Observed& observed) {
  return std::any_of(observed.findings.begin(), observed.findings.end(), [](const auto& finding) {
    return finding.severity == model::Severity::kUnknown;
  });
}

bool forwarding_waits(const model::Observed& observed, const model::HostFacts& facts, bool ours) {
  return blind(observed) && !ours && facts.docker.instance.empty();
}

void keep_standing(model::HostState& desired, const model::Observed& observed,
                   const model::HostFacts& facts) {
  const auto& actual = observed.state.firewall;
  if (desired.firewall && !facts.firewall.variant && !actual) desired.firewall.reset();
  if (!blind(observed) || !desired.firewall || !actual) return;
  desired.firewall->variant = actual->variant;
  desired.firewall->anchor = actual->anchor;
}

}  // namespace overland::plan
