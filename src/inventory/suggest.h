#pragma once
// "Did you mean": the nearest of some known words.

#include <string>
#include <string_view>
#include <vector>

namespace overland::inventory {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, ASCII case
/// ignored; `limit` + 1 as soon as it is more than `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The candidate nearest to `word` (the first of equals), or empty where none is near: at most a
/// third of its letters differ, and never more than three; or one of the two begins with the other.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace overland::inventory
