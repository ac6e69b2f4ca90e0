#pragma once
// TOML text to a draft: syntax, keys, types, and everything that can be said of one value alone.
// What needs two values to be seen is in validate.h.

#include <string>

#include "inventory/draft.h"
#include "inventory/report.h"

namespace overland::inventory {

/// Faults go to `report`; after a syntax error the draft is empty.
Draft read(const std::string& text, Report& report);

}  // namespace overland::inventory
