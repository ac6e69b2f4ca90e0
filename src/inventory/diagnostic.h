#pragma once
// A fault of an inventory file, as a value: a file has all of its faults reported at once.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace overland::inventory {

struct Position {
  std::uint32_t line = 0;  // from 1; 0 where the fault belongs to no place
  std::uint32_t column = 0;

  auto operator<=>(const Position&) const = default;
};

enum class Severity : std::uint8_t { kError, kWarning };

struct Diagnostic {
  std::string code;  // "OVL-E012": stable, listed in docs/inventory.md
  Severity severity = Severity::kError;
  Position position;
  std::string message;        // what is wrong, with the offending value
  std::string remedy;         // what to write instead; may be empty
  std::string fragment = {};  // name of the one `position` is in; empty: the main file

  auto operator<=>(const Diagnostic&) const = default;
};

/// "inventory.toml:12:11: error: OVL-E012: … (write …)", one line a fault, in order of position.
/// `folder` holds the fragments.
std::string render(const std::vector<Diagnostic>& diagnostics, const std::string& file,
                   const std::string& folder = {});

}  // namespace overland::inventory
