// The subnets and ranges of a [[network]]: a table by host, or a prefix that is carved by slot.

#include <algorithm>
#include <cstdint>

#include "inventory/network_reader.h"

namespace overland::inventory {
void NetworkReader::read_pieces(std::string_view named, std::string_view example,
                                std::string_view base, std::string_view length) {
  if (both(named, base)) return;
  if (fields_.has(named)) {
    if (fields_.has("hosts")) both(named, "hosts");
    if (fields_.has(length)) refuse_key(length, "stands without " + std::string(base));
    read_prefixes(named);
    return;
  }
  if (absent(base) && absent(length)) {
    require(named, example);
    return;
  }
  if (!require(base, std::string(base) + " = \"10.120.0.0/16\"") ||
      !require(length, std::string(length) + " = 28")) {
    return;
  }
  if (const auto text = fields_.text(base)) {
    places_.base = text->at;
    places_.base_prefix = read_prefix(*text, std::string(base));
  } else {
    places_.complete = false;
  }
  read_length(base, length);
}

void NetworkReader::read_prefixes(std::string_view key) {
  std::vector<HostPart> parts;
  read_table(key, "docker-200 = \"10.110.200.0/24\"",
             [&](std::string host, Position at, const Text& text) {
               const auto prefix = read_prefix(text, std::string(key) + " of " + quote(host));
               if (prefix) parts.push_back({std::move(host), at, prefix});
             });
  std::ranges::sort(parts, {}, &HostPart::at);
  places_.parts = std::move(parts);
}

void NetworkReader::read_length(std::string_view base, std::string_view key) {
  const auto length = fields_.number(key);
  places_.complete = places_.complete && length;
  if (!length || !places_.base_prefix) return;
  const int shortest = places_.base_prefix->length();
  if (length->value >= shortest && length->value <= kLongestBridge) {
    places_.length = static_cast<std::uint8_t>(length->value);
    return;
  }
  places_.complete = false;
  report_.add(
      Code::kPrefixLength, length->at,
      std::string(key) + " " + std::to_string(length->value) + " does not fit " +
          std::string(base) + " " + places_.base_prefix->to_string(),
      "write a length of " + std::to_string(shortest) + " to " + std::to_string(kLongestBridge));
}

std::optional<model::Prefix> NetworkReader::read_prefix(const Text& text, const std::string& key) {
  auto prefix = read_network(text, key, kShortestNetwork, kLongestBridge, report_);
  places_.complete = places_.complete && prefix;
  return prefix;
}

void NetworkReader::read_table(std::string_view key, const std::string& example,
                               const std::function<void(std::string, Position, const Text&)>& use) {
  toml::table* const table =
      fields_.table(key, "write " + std::string(key) + " = { " + example + " }");
  if (table == nullptr) {
    places_.complete = false;
    return;
  }
  for (auto&& [name, node] : *table) {
    const Position at = position(name.source(), report_);
    if (node.is_table()) {
      report_.add(Code::kWrongType, at,
                  std::string(key) + " has a table " + quote(name.str()) + " in it",
                  "put a name with dots in double quotes");
      places_.complete = false;
    } else if (const auto text = take_text(node, quote(name.str()), report_)) {
      use(std::string(name.str()), at, *text);
    } else {
      places_.complete = false;
    }
  }
  if (!table->empty()) return;
  places_.complete = false;
  report_.add(Code::kEmptyList, fields_.key_at(key), std::string(key) + " is an empty table",
              "write " + std::string(key) + " = { " + example + " }");
}

}  // namespace overland::inventory
