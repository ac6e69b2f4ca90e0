#pragma once
// Refuses texts the TOML parser cannot be given: those whose tree would be so deep that walking or
// freeing it could overflow the stack, and those with a character outside ASCII where it asks
// whether that is white space: for most of Unicode toml++ 3.3 has no answer (undefined behaviour).
// Runs before the parser and reads strings and comments as it does.

#include <cstddef>
#include <optional>
#include <string_view>

#include "inventory/codes.h"

namespace overland::inventory {

/// Deepest an inventory ever needs: [[host]], an inline table, a list.
inline constexpr int kMaxBrackets = 32;
/// Most parts of one dotted key; `host.docker.bridge` has three.
inline constexpr int kMaxKeyParts = 16;

/// Line and column, in characters, of the byte at `offset`.
Position position_of(std::string_view text, std::size_t offset);

struct Refusal {
  Code code;  // kNesting or kSyntax
  Position at;
  const char* message;
  const char* remedy;
};

/// The end of the string that starts at `begin` (its opening quote): one past the closing quote, or
/// the end of line or text where it is not closed.
std::size_t skip_string(std::string_view text, std::size_t begin);

/// The first fault of these kinds; nullopt where there is none. Refuses a few texts that are valid
/// TOML and no inventory's: those with a key like 1."ä".
std::optional<Refusal> refuse_early(std::string_view text);

}  // namespace overland::inventory
