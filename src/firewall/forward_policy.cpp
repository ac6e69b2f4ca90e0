#include "firewall/forward_policy.h"

#include <algorithm>

namespace overland::firewall {

using model::FirewallGuard;

void add_forward_policy(model::Firewall& found, const model::FirewallPolicy& desired,
                        const std::vector<model::FirewallVariant>& ours, const AnchorsFound& own) {
  FirewallGuard& guard = found.policy.guard;
  if (desired.guard != FirewallGuard::kForwardPolicy) {
    if (!ours.empty()) guard = FirewallGuard::kForwardPolicy;
    return;
  }
  for (const auto variant : ours) {
    if (variant == desired.variant) continue;
    found.defects.emplace_back("a policy DROP of ours is left in FORWARD of the other variant");
  }
  const bool closed = std::ranges::find(ours, desired.variant) != ours.end();
  if (closed && !own.forward_drops) {
    found.defects.emplace_back("filter FORWARD has the policy ACCEPT, no longer DROP");
  }
  const bool none = guard == FirewallGuard::kNone;
  if (none && (closed || own.forward_drops)) guard = FirewallGuard::kForwardPolicy;
}

}  // namespace overland::firewall
