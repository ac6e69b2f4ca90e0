#include "inventory/guard.h"

namespace overland::inventory {
Position position_of(std::string_view text, std::size_t offset) {
  Position result{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++result.line;
      result.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
      ++result.column;  // in characters, as the parser counts
    }
  }
  return result;
}

std::size_t skip_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const bool multi_line =
      text.substr(begin, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  std::size_t i = begin + (multi_line ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == '\n' && !multi_line) {
      return i;
    } else if (text[i] == quote) {
      if (!multi_line) return i + 1;
      if (text.substr(i, 3) != text.substr(begin, 3)) continue;
      // Up to two more quotes belong to the string: """a""""" ends in two.
      i += 3;
      for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra) ++i;
      return i;
    }
  }
  return text.size();
}

std::optional<Refusal> refuse_early(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  int brackets = 0;
  int parts = 1;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (std::size_t i = 0; i < text.size();) {
    switch (text[i]) {
      case '"':
      case '\'':
        i = skip_string(text, i);
        continue;
      case '#':
        while (i < text.size() && text[i] != '\n') ++i;
        continue;
      case '[':
      case '{':
        ++brackets;
        parts = 1;
        break;
      case ']':
      case '}':
        --brackets;
        parts = 1;
        break;
      case '.':
        ++parts;
        break;
      case '\n':
      case ',':
      case '=':
        parts = 1;
        break;
      default:
        break;
    }
    if (brackets > kMaxBrackets || parts > kMaxKeyParts) {
      return Refusal{Code::kNesting, position_of(text, i)};
    }
    if (static_cast<unsigned char>(text[i]) > 0x7f) {
      return Refusal{Code::kSyntax, position_of(text, i)};
    }
    ++i;
  }
  return std::nullopt;
}

}  // namespace overland::inventory
