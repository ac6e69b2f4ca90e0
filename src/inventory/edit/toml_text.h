#pragma once
// The text of an inventory beside its tree: which bytes a key, a value or a table is. Only this
// folder includes it: it shows toml++.

#include <toml++/toml.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace overland::inventory {

/// Bytes `begin` to `end`, the latter not among them.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// `text` instead of what stands in `span`.
struct Splice {
  Span span;
  std::string text;
};

/// `splices` do not overlap; of two at one place the first one's text comes first.
std::string spliced(std::string_view text, std::vector<Splice> splices);

class TomlText {
 public:
  /// Throws kInventory where `text` is no TOML; parse() says where.
  explicit TomlText(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const toml::table& tree() const { return tree_; }
  /// Where the TOML ends: before [end], or with the text.
  [[nodiscard]] std::size_t body_end() const { return body_end_; }

  /// Of a table with a header only the header, of a list of those nothing that means anything.
  [[nodiscard]] Span span(const toml::node& node) const { return span(node.source()); }
  [[nodiscard]] Span span(const toml::key& key) const { return span(key.source()); }
  /// Whether [header] or [[header]] began `table`.
  [[nodiscard]] bool has_header(const toml::table& table) const;
  [[nodiscard]] bool has_header(const toml::node& node) const;

  [[nodiscard]] std::size_t line_begin(std::size_t offset) const;
  /// Past the line break, or body_end().
  [[nodiscard]] std::size_t line_end(std::size_t offset) const;
  /// From 1.
  [[nodiscard]] std::size_t line_number(std::size_t offset) const;
  /// Nothing but blanks from `begin` to the end of its line, which is there.
  [[nodiscard]] bool blank_line(std::size_t begin) const;
  /// Past white space, line breaks and comments.
  [[nodiscard]] std::size_t skip_nothing(std::size_t offset) const;
  /// How the line ends that holds `offset`, or the first one where that has no end.
  [[nodiscard]] std::string_view line_break(std::size_t offset) const;

 private:
  [[nodiscard]] Span span(const toml::source_region& region) const;
  [[nodiscard]] std::size_t offset(const toml::source_position& position) const;

  std::string text_;
  std::size_t body_end_ = 0;
  toml::table tree_;
  std::vector<std::size_t> lines_;  // where each begins
  /// The place found last: a whole inventory may be one line, and its places come in order.
  mutable toml::source_position last_ = {};
  mutable std::size_t last_offset_ = 0;
};

}  // namespace overland::inventory
