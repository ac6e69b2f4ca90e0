#include "inventory/edit/key_style.h"

#include <algorithm>

namespace overland::inventory {
namespace {

/// From the key's first character to its equals sign.
std::size_t column_of(const TomlText& text, const toml::key& key) {
  const Span span = text.span(key);
  return text.text().find('=', span.end) - span.begin;
}

/// Whether a key of another length has its equals sign in the same column: one blank may be
/// alignment, too.
bool has_aligned_peer(const TomlText& text, const toml::table& table, const toml::key& key) {
  const Span own = text.span(key);
  const std::size_t column = column_of(text, key);
  for (const auto& [other, value] : table) {
    if (value.is_table()) continue;
    const Span name = text.span(other);
    if (name.end - name.begin != own.end - own.begin && column_of(text, other) == column)
      return true;
  }
  return false;
}

}  // namespace

KeyStyle::KeyStyle(const TomlText& text, const toml::table& table, std::string_view key) {
  const auto found = table.find(key);
  const Span name = text.span(found->first);
  const Span value = text.span(found->second);
  const std::string& all = text.text();
  column_ = column_of(text, found->first);
  const std::size_t equals = name.begin + column_;
  const std::size_t begin = text.line_begin(name.begin);
  if (!table.is_inline()) indent_ = all.substr(begin, name.begin - begin);
  before_ = all.substr(name.end, equals - name.end);
  after_ = all.substr(equals + 1, value.begin - equals - 1);
  aligned_ = before_.find('\t') == std::string::npos && !table.is_inline() &&
             (before_.size() > 1 || has_aligned_peer(text, table, found->first));
}

std::string KeyStyle::line(std::string_view key, std::string_view value) const {
  std::string before = before_;
  if (aligned_) {
    const std::size_t least = before_.empty() ? 0 : 1;
    before.assign(std::max(column_, key.size() + least) - key.size(), ' ');
  }
  return indent_ + std::string(key) + before + "=" + after_ + std::string(value);
}

std::string KeyStyle::entry(std::string_view key, std::string_view value) const {
  return std::string(key) + before_.substr(0, 1) + "=" + after_ + std::string(value);
}

std::string quoted(std::string_view value) { return "\"" + std::string(value) + "\""; }

}  // namespace overland::inventory
