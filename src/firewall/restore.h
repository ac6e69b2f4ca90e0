#pragma once
// The one repair of rules that needs no look at all else first.

#include "model/firewall.h"

namespace overland::firewall {

/// Writes table `ip overland`, and `arp overland` with it, for `policy` where the first is gone;
/// whether it was. Anchors are left alone, and are still to be looked at. Throws as
/// HostFirewall::apply() does.
bool restore_table(const model::FirewallPolicy& policy);

}  // namespace overland::firewall
