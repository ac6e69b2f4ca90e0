#pragma once
// Says a fault of TOML's syntax to somebody who writes inventories, not parsers.

#include <string>
#include <string_view>

#include "inventory/diagnostic.h"

namespace overland::inventory {

struct SyntaxFault {
  std::string message;  // printable
  std::string remedy;   // never empty
};

/// `description` is the parser's own, of the fault at `at` in `text`.
SyntaxFault explain_syntax(std::string_view description, std::string_view text, Position at);

}  // namespace overland::inventory
