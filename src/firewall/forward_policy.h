#pragma once
// The policy DROP of filter FORWARD, where it stands in for dockerd, which sets it when it turns
// forwarding on itself. One that was there before us is not ours: which ones are, table
// `ip overland` remembers, and a chain beside FORWARD, for as long as one of them lasts.

#include <algorithm>
#include <optional>
#include <vector>

#include "firewall/anchors.h"
#include "firewall/policy_table.h"

namespace overland::firewall {

/// Adds to `found`, read from our table, what of a guard the two kinds of tables hold. `ours`:
/// whose policy we set.
void add_forward_policy(model::Firewall& found, const model::FirewallPolicy& desired,
                        const std::vector<model::FirewallVariant>& ours, const AnchorsFound& own);

/// Makes FORWARD drop in `wanted`, in no other of `ours`, and both memories whole.
/// `anchors(variant)` gives the Anchors there.
template <typename Of>
void put_forward_policy(PolicyTable& table, Of anchors,
                        std::optional<model::FirewallVariant> wanted,
                        const std::vector<model::FirewallVariant>& ours) {
  for (const auto variant : {model::FirewallVariant::kNft, model::FirewallVariant::kLegacy}) {
    const bool remembered = std::ranges::find(ours, variant) != ours.end();
    if (wanted == variant) {
      const AnchorsFound now = anchors(variant).look(model::FirewallAnchor::kDockerNft, 0);
      if (now.forward_drops && !remembered) continue;
      table.remember_closed(variant, true);
      anchors(variant).set_forward_policy(true);
    } else if (remembered) {
      anchors(variant).set_forward_policy(false);
      table.remember_closed(variant, false);
    }
  }
}

}  // namespace overland::firewall
