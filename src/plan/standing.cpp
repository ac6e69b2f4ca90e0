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

void keep_standing(model::HostState& desired, const model::HostState& actual,
                   const model::HostFacts& facts, bool forwarding_is_ours) {
  if (desired.firewall && !facts.firewall.variant && !actual.firewall) desired.firewall.reset();
  if (!blind(facts)) return;
  if (desired.firewall && actual.firewall) {
    desired.firewall->policy.variant = actual.firewall->policy.variant;
    desired.firewall->policy.anchor = actual.firewall->policy.anchor;
  }
  if (!forwarding_is_ours) {
    std::erase_if(desired.sysctls,
                  [](const auto& sysctl) { return sysctl.key == "net.ipv4.ip_forward"; });
  }
}

}  // namespace overland::plan
