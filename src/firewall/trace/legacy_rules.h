#pragma once
// Rules of a legacy table as iptables-nft would write them: one way to follow both.

#include <cstdint>

#include "firewall/legacy/table.h"
#include "firewall/trace/table.h"

namespace overland::firewall::trace {

/// Handles are positions, from 1.
TraceRules legacy_rules(const legacy::Table& table);

}  // namespace overland::firewall::trace
