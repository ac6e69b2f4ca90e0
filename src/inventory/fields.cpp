#include "inventory/fields.h"

#include <algorithm>
#include <utility>

#include "inventory/suggest.h"

namespace overland::inventory {

Position position(const toml::source_region& source, const Report& report) {
  return report.in_file({source.begin.line, source.begin.column});
}

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "a value";
}

std::optional<Text> take_text(toml::node& node, std::string_view key, Report& report) {
  auto* const text = node.as_string();
  if (text != nullptr) return Text{std::move(text->get()), position(node.source(), report)};
  report.add(Code::kWrongType, position(node.source(), report),
             std::string(key) + " must be a string, not " + type_name(node),
             "put the value in double quotes: " + std::string(key) + " = \"…\"");
  return std::nullopt;
}

Fields::Fields(toml::table& table, std::string_view section, std::span<const Key> known,
               Report& report)
    : table_(table), section_(section), known_(known), report_(report) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(known, key.str(), &Key::name) != known.end()) continue;
    unknown_.push_back(
        {&key, node.is_table() || node.is_array_of_tables(), nearest(key.str(), names_of(known))});
  }
}

std::optional<Text> Fields::text(std::string_view key) {
  toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  return take_text(*node, key, report_);
}

std::optional<Placed<bool>> Fields::flag(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const flag = node->as_boolean()) {
    return Placed<bool>{flag->get(), position(node->source(), report_)};
  }
  wrong_type(*node, key, "true or false",
             "write " + std::string(key) + " = true or " + std::string(key) + " = false");
  return std::nullopt;
}

std::optional<Placed<std::int64_t>> Fields::number(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const number = node->as_integer()) {
    return Placed<std::int64_t>{number->get(), position(node->source(), report_)};
  }
  wrong_type(*node, key, "an integer", "write a whole number, without quotes");
  return std::nullopt;
}

std::optional<Placed<std::size_t>> Fields::word(std::string_view key) {
  const auto given = text(key);
  const auto found = std::ranges::find(known_, key, &Key::name);
  if (!given || found == known_.end()) return std::nullopt;
  std::string words;
  for (std::size_t i = 0; i < found->words.size() && !found->words[i].empty(); ++i) {
    if (found->words[i] == given->value) return Placed<std::size_t>{i, given->at};
    words += (words.empty() ? "\"" : ", \"") + std::string(found->words[i]) + "\"";
  }
  report_.add(Code::kChoice, given->at, std::string(key) + " cannot be " + quote(given->value),
              "write one of " + words);
  return std::nullopt;
}

std::vector<Text> Fields::texts(std::string_view key, bool& complete) {
  std::vector<Text> result;
  complete = true;
  toml::node* const node = find(key);
  if (node == nullptr) return result;
  toml::array* const list = node->as_array();
  if (list == nullptr && !node->is_string()) {
    wrong_type(*node, key, "a string or a list of strings", "put the value in double quotes");
    complete = false;
    return result;
  }
  if (list == nullptr) {
    result.push_back(*take_text(*node, key, report_));
    return result;
  }
  if (list->empty()) {
    report_.add(Code::kEmptyList, position(node->source(), report_),
                std::string(key) + " is an empty list",
                "give at least one entry, or remove the key where it is optional");
    complete = false;
  }
  result.reserve(list->size());
  for (toml::node& element : *list) {
    if (auto text = take_text(element, key, report_)) {
      result.push_back(std::move(*text));
    } else {
      complete = false;
    }
  }
  return result;
}

toml::table* Fields::table(std::string_view key, std::string remedy) {
  toml::node* const node = find(key);
  if (node == nullptr || node->is_table()) return node == nullptr ? nullptr : node->as_table();
  const bool section = remedy.empty();
  if (section) remedy = "write [" + std::string(key) + "] on a line of its own";
  wrong_type(*node, key, section ? "a section" : "a table", std::move(remedy));
  return nullptr;
}

toml::array* Fields::tables(std::string_view key, bool& present) {
  toml::node* const node = find(key);
  present = node != nullptr;
  if (node == nullptr) return nullptr;
  if (toml::array* const list = node->as_array()) return list;
  wrong_type(*node, key, "a list of sections",
             "write [[" + std::string(key) + "]] with double brackets");
  return nullptr;
}

toml::array* Fields::list(std::string_view key, std::string_view example) {
  toml::node* const node = find(key);
  if (node == nullptr) return nullptr;
  toml::array* const list = node->as_array();
  if (list == nullptr) {
    wrong_type(*node, key, "a list", "write " + std::string(example));
  } else if (list->empty()) {
    report_.add(Code::kEmptyList, position(node->source(), report_),
                std::string(key) + " is an empty list",
                "write " + std::string(example) + ", or remove the key");
  }
  return list;
}

Position Fields::key_at(std::string_view key) const {
  const auto found = table_.find(key);
  return found == table_.end() ? at() : position(found->first.source(), report_);
}

bool Fields::require(std::string_view key, std::string_view example) {
  if (table_.contains(key)) return true;
  if (misspelt(key)) return false;
  report_.add(
      Code::kMissingKey, at(),
      (section_.empty() ? "the file" : std::string(section_)) + " has no " + std::string(key),
      "add " + std::string(example));
  return false;
}

bool Fields::misspelt(std::string_view key) const {
  return std::any_of(unknown_.begin(), unknown_.end(),
                     [key](const Unknown& one) { return one.meant == key; });
}

void Fields::report_unknown() {
  for (const auto& [key, section, meant] : unknown_) {
    std::string remedy = "did you mean " + std::string(meant) + "?";
    if (meant.empty()) {
      remedy = "known here: ";
      for (std::size_t i = 0; i < known_.size(); ++i) {
        remedy += (i == 0 ? "" : ", ") + std::string(known_[i].name);
      }
    }
    report_.add(Code::kUnknownKey, position(key->source(), report_),
                std::string(section ? "unknown section " : "unknown key ") + quote(key->str()) +
                    (section_.empty() ? " at the top of the file" : " in " + std::string(section_)),
                std::move(remedy));
  }
}

void Fields::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted,
                        std::string remedy) {
  report_.add(Code::kWrongType, position(node.source(), report_),
              std::string(key) + " must be " + std::string(wanted) + ", not " + type_name(node),
              std::move(remedy));
}

}  // namespace overland::inventory
