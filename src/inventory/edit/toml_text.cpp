#include "inventory/edit/toml_text.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "inventory/guard.h"
#include "inventory/pieces.h"

namespace overland::inventory {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

[[noreturn]] void refuse() {
  throw base::Error(base::ErrorKind::kInventory, "the inventory is not valid TOML");
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

toml::table parse_tree(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error&) {
    refuse();
  }
}

}  // namespace

std::string spliced(std::string_view text, std::vector<Splice> splices) {
  std::stable_sort(splices.begin(), splices.end(),
                   [](const Splice& a, const Splice& b) { return a.span.begin < b.span.begin; });
  std::string result;
  std::size_t at = 0;
  for (const Splice& splice : splices) {
    result.append(text.substr(at, splice.span.begin - at));
    result.append(splice.text);
    at = splice.span.end;
  }
  result.append(text.substr(at));
  return result;
}

TomlText::TomlText(std::string text) : text_(std::move(text)) {
  if (refuse_early(text_)) refuse();
  body_end_ = find_sections(text_).end.value_or(text_.size());
  tree_ = parse_tree(std::string_view(text_).substr(0, body_end_));
  lines_.push_back(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  for (std::size_t i = 0; i < body_end_; ++i) {
    if (text_[i] == '\n') lines_.push_back(i + 1);
  }
}

std::size_t TomlText::offset(const toml::source_position& position) const {
  const std::size_t begin = lines_.at(position.line - 1);
  std::size_t at = begin;
  toml::source_index column = 1;
  if (last_.line == position.line && last_.column <= position.column) {
    at = last_offset_;
    column = last_.column;
  }
  for (; column < position.column && at < body_end_; ++column) {
    ++at;
    while (at < body_end_ && continues_character(text_[at])) ++at;
  }
  last_ = position;
  last_offset_ = at;
  return at;
}

Span TomlText::span(const toml::source_region& region) const {
  const std::size_t begin = offset(region.begin);
  return {begin, offset(region.end)};
}

bool TomlText::has_header(const toml::table& table) const {
  return !table.is_inline() && span(table).begin < body_end_ && text_[span(table).begin] == '[';
}

bool TomlText::has_header(const toml::node& node) const {
  return node.is_table() && has_header(*node.as_table());
}

std::size_t TomlText::line_begin(std::size_t offset) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  return next == lines_.begin() ? *next : *std::prev(next);
}

std::size_t TomlText::line_end(std::size_t offset) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  return next == lines_.end() ? body_end_ : *next;
}

std::size_t TomlText::line_number(std::size_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(lines_.begin(), lines_.end(), offset) -
                                  lines_.begin());
}

bool TomlText::blank_line(std::size_t begin) const {
  const std::size_t end = line_end(begin);
  return begin < end &&
         std::string_view(text_).substr(begin, end - begin).find_first_not_of(" \t\r\n") ==
             std::string_view::npos;
}

std::size_t TomlText::skip_nothing(std::size_t offset) const {
  while (offset < body_end_) {
    if (text_[offset] == '#') {
      offset = line_end(offset);
    } else if (std::string_view(" \t\r\n").find(text_[offset]) != std::string_view::npos) {
      ++offset;
    } else {
      break;
    }
  }
  return offset;
}

std::string_view TomlText::line_break(std::size_t offset) const {
  std::size_t end = text_.find('\n', offset);
  if (end == std::string::npos) end = text_.find('\n');
  const bool both = end != std::string::npos && end > 0 && text_[end - 1] == '\r';
  return both ? "\r\n" : "\n";
}

}  // namespace overland::inventory
