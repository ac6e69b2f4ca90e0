#include "inventory/syntax.h"

#include <algorithm>
#include <array>

#include "inventory/report.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kLongestDescription = 200;  // bytes; the parser quotes keys of any length

struct Hint {
  std::string_view words;  // of toml++'s description
  std::string_view remedy;
};

// The first that fits counts, so the narrower ones stand first.
constexpr std::array kHints = {
    Hint{"unknown escape", "write a backslash twice, or put the text in single quotes"},
    Hint{"unicode scalar", "write the character itself"},
    Hint{"'\\r'", "end every line with LF or with CRLF"},
    Hint{"control char", "remove the control character"},
    Hint{"vertical tab", "remove the control character"},
    Hint{"utf-8", "save the file as UTF-8 text"},
    Hint{"end-of-file", "look for a quote or bracket that is not closed"},
    Hint{"existing array", "write [[host]] and [[segment]] with double brackets, each time"},
    Hint{"array-of-tables", "write [[host]] and [[segment]] with double brackets, each time"},
    Hint{"cannot redefine", "remove one of the two"},
    Hint{"table header", "write [section] or [[section]], alone on its line"},
    Hint{"bare key", "write [section] or [[section]], alone on its line"},
    Hint{"array-of-table]]", "write [section] or [[section]], alone on its line"},
    Hint{"inline table",
         "write { key = value, key = value } on one line, without a comma after the last"},
    Hint{"parsing array", "separate the entries of a list by commas, and close it with ]"},
    Hint{"expected value", "write a value after the equals sign"},
    Hint{"expected '='", "write key = value"},
    Hint{"comment or whitespace", "end the line after the value, or begin a comment with #"},
    Hint{"keys, tables", "write key = value, [section], [[section]] or # comment"},
    Hint{"boolean", "write true or false; put text in double quotes"},
    Hint{"multi-line strings", "write the key without quotes"},
    Hint{"value type", "put text, addresses too, in double quotes; true and false stand without"},
    Hint{"floating-point", "put text, addresses too, in double quotes"},
    Hint{"integer",
         "write a number like 100 or 0x200000; put text, addresses too, in double quotes"},
    Hint{"parsing date", "put text, addresses too, in double quotes"},
    Hint{"parsing time", "put text, addresses too, in double quotes"},
};

/// Whether the line of `at` ends there.
bool at_line_end(std::string_view text, Position at) {
  for (std::size_t line = 1; line < at.line; ++line) text.remove_prefix(text.find('\n') + 1);
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;  // not a continuation of UTF-8
  });
  return static_cast<std::size_t>(characters) < at.column;
}

}  // namespace

SyntaxFault explain_syntax(std::string_view description, std::string_view text, Position at) {
  const auto mentions = [description](std::string_view words) {
    return description.find(words) != std::string_view::npos;
  };
  if (mentions("string: ") && mentions("control char") && at_line_end(text, at)) {
    return {"a string is not closed", "close the quote on the same line"};
  }
  const auto* const hint = std::find_if(kHints.begin(), kHints.end(),
                                        [&](const Hint& one) { return mentions(one.words); });
  return {shorten(description, kLongestDescription),
          std::string(hint == kHints.end() ? "see https://toml.io/en/v1.0.0" : hint->remedy)};
}

}  // namespace overland::inventory
