#include "plan/standing.h"

#include <algorithm>

namespace overland::plan {

std::vector<model::Finding> findings(const model::HostFacts& facts) {
  std::vector<model::Finding> all = facts.docker.unknown;
  all.insert(all.end(), facts.firewall.unknown.begin(), facts.firewall.unknown.end());
  all.insert(all.end(), facts.findings.begin(), facts.findings.end());
  return all;
}

bool blind(const model::HostFacts& facts) {
  return !facts.docker.unknown.empty() || !facts.firewall.unknown.empty() ||
         std::any_of(facts.findings.begin(), facts.findings.end(), [](const auto& finding) {
           return finding.severity == model::Severity::kUnknown;
         });
}

bool forwarding_waits(const model::HostFacts& facts, bool ours) {
  return blind(facts) && !ours && facts.docker.instance.empty();
}

void keep_standing(model::HostState& desired, const model::HostState& actual,
                   const model::HostFacts& facts) {
  if (desired.firewall && !facts.firewall.variant && !actual.firewall) desired.firewall.reset();
  if (!blind(facts) || !desired.firewall || !actual.firewall) return;
  desired.firewall->policy.variant = actual.firewall->policy.variant;
  desired.firewall->policy.anchor = actual.firewall->policy.anchor;
}

}  // namespace overland::plan
