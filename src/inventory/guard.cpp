#include "inventory/guard.h"

namespace overland::inventory {
namespace {

constexpr Refusal kTooDeep = {Code::kNesting,
                              {},
                              "keys, tables or lists are nested too deeply",
                              "no inventory needs more than three levels"};
constexpr Refusal kOutsideQuotes = {
    Code::kSyntax,
    {},
    "not valid TOML: a character outside ASCII stands outside quotes",
    "put text in straight double quotes: \"…\""};
constexpr Refusal kContinued = {
    Code::kSyntax,
    {},
    "a character outside ASCII follows a backslash, or the end of a line that one continues",
    "write the text on one line"};

Refusal refusal(Refusal of, std::string_view text, std::size_t offset) {
  of.at = position_of(text, offset);
  return of;
}

bool outside_ascii(char c) { return static_cast<unsigned char>(c) > 0x7f; }

bool one_of(std::string_view all, char c) { return all.find(c) != std::string_view::npos; }

/// How deep the text outside strings and comments is, and whether a number is being read.
class Outline {
 public:
  /// Looks at `c` and what stands before it. What begins as a number the parser reads up to the
  /// next of these ends, quotes and all.
  void begin_token(char before, char c) {
    constexpr std::string_view kEnds = " \t\r\n\v\f]},#";
    if (one_of(kEnds, c)) {
      number_ = false;
    } else if (one_of(kEnds, before) || one_of("[{=", before)) {
      number_ = number_ || one_of("0123456789+-", c);
    }
  }
  [[nodiscard]] bool in_number() const { return number_; }

  void add(char c) {
    if (one_of("[{", c)) ++brackets_;
    if (one_of("]}", c)) --brackets_;
    if (one_of("[{]}\n,=", c)) parts_ = 1;
    if (c == '.') ++parts_;
  }
  [[nodiscard]] bool too_deep() const { return brackets_ > kMaxBrackets || parts_ > kMaxKeyParts; }

 private:
  int brackets_ = 0;
  int parts_ = 1;
  bool number_ = false;
};

/// Where, in the string from `begin` to the end of `text`, a character outside ASCII comes next
/// after a backslash, or after the white space behind one.
std::optional<std::size_t> after_line_end(std::string_view text, std::size_t begin) {
  if (text.substr(begin, 3) != "\"\"\"") return std::nullopt;
  for (std::size_t i = text.find('\\', begin); i < text.size(); i = text.find('\\', i)) {
    ++i;
    const bool whitespace = i < text.size() && one_of(" \t\r\n\v\f", text[i]);
    while (i < text.size() && one_of(" \t\r\n\v\f", text[i])) ++i;
    if (i < text.size() && outside_ascii(text[i])) return i;
    if (!whitespace) ++i;
  }
  return std::nullopt;
}

}  // namespace

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
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Outline outline;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    outline.begin_token(i == 0 ? '\n' : text[i - 1], c);
    if ((c == '"' || c == '\'') && !outline.in_number()) {
      const std::size_t end = skip_string(text, i);
      const auto outside = after_line_end(text.substr(0, end), i);
      if (outside) return refusal(kContinued, text, *outside);
      i = end;
      continue;
    }
    if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    outline.add(c);
    if (outline.too_deep()) return refusal(kTooDeep, text, i);
    if (outside_ascii(c)) return refusal(kOutsideQuotes, text, i);
    ++i;
  }
  return std::nullopt;
}

}  // namespace overland::inventory
