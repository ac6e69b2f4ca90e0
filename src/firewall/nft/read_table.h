#pragma once
// Table `ip overland` as found.

#include <optional>

#include "firewall/nft/look.h"
#include "firewall/nft/table.h"

namespace overland::firewall::nft {

/// nullopt where `look` has no such table. Changes nothing.
std::optional<Table> read_table(const Look& look);

/// What it remembers of flows still to be cut.
Uncut read_uncut(const Look& look);

}  // namespace overland::firewall::nft
