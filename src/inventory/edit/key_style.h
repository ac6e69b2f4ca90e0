#pragma once
// How the keys of one table are written, so that another stands among them as its author would have
// put it.

#include <string>
#include <string_view>

#include "inventory/edit/toml_text.h"

namespace overland::inventory {

class KeyStyle {
 public:
  /// [[host]] with keys on lines of their own, equals signs below each other.
  KeyStyle() = default;
  /// That of `key`, which `table` has.
  KeyStyle(const TomlText& text, const toml::table& table, std::string_view key);

  /// With its indentation, without a line break.
  [[nodiscard]] std::string line(std::string_view key, std::string_view value) const;
  /// For an inline table.
  [[nodiscard]] std::string entry(std::string_view key, std::string_view value) const;

 private:
  std::string indent_;
  std::string before_ = " ";  // the equals sign
  std::string after_ = " ";
  std::size_t column_ =
      8;  // of the equals sign, from the key on, where those stand below each other
  bool aligned_ = true;
};

/// `value` as a basic string; it has nothing that would need an escape.
std::string quoted(std::string_view value);

}  // namespace overland::inventory
