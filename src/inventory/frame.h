#pragma once
// What frames a file: `min_overland`, which is looked at before anything else, and `[end]`, after
// which nothing stands. Both are read from the text, since a newer format may be no TOML we know,
// and since `end = true` and `[end]` are one name to a TOML parser.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "inventory/report.h"

namespace overland::inventory {

using Release = std::array<unsigned, 3>;  // major, minor, patch

/// "1.2" or "1.2.3", each of at most four digits.
std::optional<Release> read_release(std::string_view text);

/// The release of this program.
Release this_release();

/// Reports, and says true, where `min_overland` stands among the top-level keys and names a later
/// release than `running`. Anything else about the text is left to others.
bool needs_newer(std::string_view text, const Release& running, Report& report);

/// Reports where `text`, the value of `min_overland`, is no release or a later one than `running`.
void check_release(std::string_view text, Position at, const Release& running, Report& report);

/// `text` up to its section [end], which begins at `end`. Reports what stands in it or after it.
std::string_view before_end(std::string_view text, std::size_t end, Report& report);

}  // namespace overland::inventory
