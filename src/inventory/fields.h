#pragma once
// The keys of one TOML table: typed access that reports a wrong type where it stands, and the
// unknown keys left over. Only the files that read TOML include this; toml++ stays inside this
// folder.

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/keys.h"
#include "inventory/report.h"
#include "inventory/values.h"

namespace overland::inventory {

/// In the file, of which `report` knows the piece that is being read.
Position position(const toml::source_region& source, const Report& report);

/// "a string", "an integer": for messages.
std::string type_name(const toml::node& node);

/// The string in `node`, moved out; nullopt after reporting where it is none.
std::optional<Text> take_text(toml::node& node, std::string_view key, Report& report);

class Fields {
 public:
  /// `section` is how the table is written in the file: "[cluster]"; "" is the top level. `known`
  /// are all keys it may have, those of other readers of the same table too. Both must outlive
  /// this.
  Fields(toml::table& table, std::string_view section, std::span<const Key> known, Report& report);

  /// nullopt where the key is absent or, after reporting, of another type.
  std::optional<Text> text(std::string_view key);
  std::optional<Placed<bool>> flag(std::string_view key);
  std::optional<Placed<std::int64_t>> number(std::string_view key);
  /// One of the words that the key may have, which are in the order of T.
  template <typename T>
  std::optional<Placed<T>> choice(std::string_view key) {
    const auto index = word(key);
    if (!index) return std::nullopt;
    return Placed<T>{static_cast<T>(index->value), index->at};
  }
  /// One string, or a list of them without an empty one: the ones readable. `complete` says whether
  /// that is all of them.
  std::vector<Text> texts(std::string_view key, bool& complete);
  /// A table, written [section] or inline; `remedy` where it is never a section.
  toml::table* table(std::string_view key, std::string remedy = {});
  /// A list of tables, written [[key]] or inline; `present` says whether the key is there.
  toml::array* tables(std::string_view key, bool& present);
  /// A list whose entries are the caller's affair, with `example` for a remedy.
  toml::array* list(std::string_view key, std::string_view example);

  /// Reports the key missing where it is absent and not misspelt; true where it is there, whatever
  /// its type.
  bool require(std::string_view key, std::string_view example);
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] bool holds_table(std::string_view key) const {
    return table_.get_as<toml::table>(key) != nullptr;
  }
  /// Whether an unknown key of the table looks like this one: its fault is the spelling, and what
  /// follows from the key's absence is no fault of its own.
  [[nodiscard]] bool misspelt(std::string_view key) const;
  /// Where the table begins.
  [[nodiscard]] Position at() const { return position(table_.source(), report_); }
  /// Where the key stands, for faults of its presence.
  [[nodiscard]] Position key_at(std::string_view key) const;

  /// Reports the keys that are not known.
  void report_unknown();

 private:
  struct Unknown {
    const toml::key* key;
    bool section;            // its value is a table or a list of them
    std::string_view meant;  // the known key nearest to it; empty where none is near
  };

  toml::node* find(std::string_view key) { return table_.get(key); }
  /// Which of the key's words.
  std::optional<Placed<std::size_t>> word(std::string_view key);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted,
                  std::string remedy);

  toml::table& table_;
  std::string_view section_;
  std::span<const Key> known_;
  std::vector<Unknown> unknown_;
  Report& report_;
};

}  // namespace overland::inventory
