// config/schema/inventory.json, by which editors complete and check an inventory, is what this
// makes from the reader's own table of keys. OVERLAND_WRITE_SCHEMA=1 writes it anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "inventory/keys.h"

namespace overland::inventory {
namespace {

using Json = nlohmann::ordered_json;

const std::filesystem::path kFile =
    std::filesystem::path(OVERLAND_SOURCE_DIR) / "config/schema/inventory.json";

constexpr const char* kByte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
constexpr const char* kLabel = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

std::string address_pattern() { return std::string(kByte) + "(\\." + kByte + "){3}"; }

Json text_like(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", "^" + pattern + "$"}};
}

/// An address with a length of `key.least` to `key.most`.
Json prefix(const Key& key) {
  std::string lengths;
  for (auto length = key.least; length <= key.most; ++length) {
    lengths += (lengths.empty() ? "" : "|") + std::to_string(length);
  }
  return text_like(address_pattern() + "/(" + lengths + ")");
}

Json number(const Key& key) {
  Json schema = {{"type", "integer"}};
  if (key.least != kUnbounded && key.least == key.most) return {{"const", key.least}};
  if (key.least != kUnbounded) schema["minimum"] = key.least;
  if (key.most != kUnbounded) schema["maximum"] = key.most;
  return schema;
}

Json words(const Key& key) {
  Json list = Json::array();
  for (const auto word : key.words) {
    if (!word.empty()) list.push_back(word);
  }
  return {{"enum", list}};
}

Json list_of(const Json& entry) { return {{"type", "array"}, {"items", entry}, {"minItems", 1}}; }

Json one_or_list(const Json& entry) { return {{"anyOf", {entry, list_of(entry)}}}; }

Json by_name(const Json& entry) {
  return {{"type", "object"}, {"additionalProperties", entry}, {"minProperties", 1}};
}

Json table(std::span<const Key> keys);

std::span<const Key> keys_of(std::string_view section) {
  if (section == "cluster") return kClusterKeys;
  if (section == "tunnel") return kTunnelKeys;
  if (section == "docker") return kDockerKeys;
  if (section == "firewall") return kFirewallKeys;
  if (section == "segment") return kSegmentKeys;
  if (section == "network") return kNetworkKeys;
  return all_host_keys();
}

Json schema_of(const Key& key) {
  switch (key.kind) {
    case Kind::kName:
      return text_like("[A-Za-z0-9._-]{1,63}");
    case Kind::kHostName: {
      Json schema = text_like(std::string(kLabel) + "(\\." + kLabel + ")*");
      schema["maxLength"] = 253;
      return schema;
    }
    case Kind::kLink:
      return text_like(R"([!#$&()+,.0-9;<=>?A-Z\[\]^_`a-z{|}~-]{1,15})");
    case Kind::kPath:
      return text_like(R"(/([^/\x00-\x1f\x7f]*/)*dockerd[^/\x00-\x1f\x7f]*)");
    case Kind::kRelease:
      return text_like("[0-9]{1,4}(\\.[0-9]{1,4}){1,2}");
    case Kind::kAddress:
      return one_or_list(text_like(address_pattern()));
    case Kind::kOneAddress:
      return text_like(address_pattern());
    case Kind::kNetwork:
    case Kind::kBip:
      return prefix(key);
    case Kind::kAutoBip:
      return {{"anyOf", {{{"const", "auto"}}, prefix(key)}}};
    case Kind::kNumber:
      return number(key);
    case Kind::kFlag:
      return {{"type", "boolean"}};
    case Kind::kEnd:
      return {{"anyOf", {{{"type", "boolean"}}, {{"type", "object"}, {"maxProperties", 0}}}}};
    case Kind::kWord:
      return words(key);
    case Kind::kNames:
      return one_or_list({{"type", "string"}});
    case Kind::kNetworks:
      return by_name(prefix(key));
    case Kind::kGateway:
      return {{"anyOf", {{{"enum", {"router", "shim"}}}, text_like(address_pattern())}}};
    case Kind::kShim:
      return {{"anyOf", {{{"type", "boolean"}}, by_name(text_like(address_pattern()))}}};
    case Kind::kOptions:
      return by_name({{"type", "string"}});
    case Kind::kPools:
      return list_of({{"anyOf", {prefix(kPoolKeys[0]), table(kPoolKeys)}}});
    case Kind::kTable:
      return table(keys_of(key.name));
    case Kind::kTables:
      return list_of(table(keys_of(key.name)));
  }
  return {};
}

Json table(std::span<const Key> keys) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : keys) {
    Json schema = {{"description", key.meaning}};
    schema.update(schema_of(key));
    properties[std::string(key.name)] = std::move(schema);
    if (key.required) required.push_back(key.name);
  }
  Json schema = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

std::string generated() {
  // Draft 7 is what editors for TOML (Taplo, Even Better TOML) know best.
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "The inventory of overland, version 1"}};
  schema.update(table(kTopKeys));
  return schema.dump(2) + "\n";
}

TEST(Schema, ShippedIsWhatTheReadersTableSays) {
  if (std::getenv("OVERLAND_WRITE_SCHEMA") != nullptr) std::ofstream(kFile) << generated();
  std::ifstream in(kFile);
  const std::string shipped{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(shipped == generated())
      << "make it anew: OVERLAND_WRITE_SCHEMA=1 unit_inventory --gtest_filter=Schema.*";
}

}  // namespace
}  // namespace overland::inventory
