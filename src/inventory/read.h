#pragma once
// TOML text to a draft: syntax, keys, types, and everything that can be said of one value alone.
// What needs two values to be seen is in validate.h.

#include "inventory/draft.h"
#include "inventory/report.h"
#include "inventory/sources.h"

namespace overland::inventory {

/// Faults go to `report`; after a syntax error, in any file, the draft has nothing but its places.
Draft read(const Sources& sources, Report& report);

}  // namespace overland::inventory
