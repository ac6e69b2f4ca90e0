#include "docker/daemon_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "docker/json_text.h"
#include "model/address.h"

namespace overland::docker {
namespace {

constexpr std::string_view kIndent =
    "  ";  // where the file shows none: as Docker's manual writes it

bool has_newline(std::string_view text) { return text.find('\n') != std::string_view::npos; }

std::string json_string(std::string_view key) { return nlohmann::json(key).dump(); }

/// What stands between a key's closing quote and its value; ": " where the file shows nothing
/// usable.
std::string colon_style(std::string_view text, const JsonObject& object) {
  if (object.members.empty()) return ": ";
  const JsonMember& last = object.members.back();
  const std::string_view style = text.substr(last.key.end, last.value.begin - last.key.end);
  return has_newline(style) ? ": " : std::string(style);
}

/// The white space before a new last member: what stands before the present last one.
std::string separator_style(std::string_view text, const JsonObject& object) {
  const JsonMember& last = object.members.back();
  std::size_t begin = last.key.begin;
  while (begin > 0 && std::string_view(" \t\r\n").find(text[begin - 1]) != std::string_view::npos) {
    --begin;
  }
  const std::string_view style = text.substr(begin, last.key.begin - begin);
  // `{"a": 1}`: what stands before a first member tells nothing about what follows a comma.
  if (object.members.size() == 1 && !has_newline(style)) {
    return colon_style(text, object) == ":" ? "" : " ";
  }
  return std::string(style);
}

std::string insert_into_empty(std::string text, const JsonObject& object,
                              const std::string& member) {
  const std::size_t inside = object.braces.begin + 1;
  const std::string space = text.substr(inside, object.braces.end - 1 - inside);
  std::string before = space;
  if (has_newline(space)) {
    before = (space.find("\r\n") != std::string::npos ? "\r\n" : "\n") + std::string(kIndent);
  }
  // `space` stays behind the member: remove_key() finds it there when this is undone.
  return text.insert(inside, before + member);
}

std::string set_key(std::string text, const std::string& key, const std::string& value,
                    const std::string& file) {
  if (is_blank(text)) {
    return "{\n" + std::string(kIndent) + json_string(key) + ": " + value + "\n}\n";
  }
  const JsonObject object = scan_object(text, file);
  if (const JsonMember* found = object.find(key)) {
    if (same_value(found->value.of(text), value)) return text;
    return text.replace(found->value.begin, found->value.end - found->value.begin, value);
  }
  const std::string member = json_string(key) + colon_style(text, object) + value;
  if (object.members.empty()) return insert_into_empty(std::move(text), object, member);
  const std::string separator = separator_style(text, object);
  return text.insert(object.members.back().value.end, "," + separator + member);
}

std::string remove_key(std::string text, const std::string& key, const std::string& file) {
  if (is_blank(text)) return text;
  const JsonObject object = scan_object(text, file);
  const JsonMember* found = object.find(key);
  if (found == nullptr) return text;
  const auto index = static_cast<std::size_t>(found - object.members.data());
  std::size_t begin = found->key.begin;
  std::size_t end = found->value.end;
  if (index + 1 < object.members.size()) {
    end = object.members[index + 1].key.begin;
  } else if (index > 0) {
    begin = object.members[index - 1].value.end;
  } else {
    begin = object.braces.begin + 1;
  }
  return text.erase(begin, end - begin);
}

/// What a JSON string holds; empty where it is none.
std::string unquoted(const std::string& json) {
  const auto value = nlohmann::json::parse(json, nullptr, false);
  return value.is_string() ? value.get<std::string>() : "";
}

nlohmann::json parse_whole(std::string_view text, const std::string& file) {
  if (is_blank(text)) return nlohmann::json::object();
  scan_object(text, file);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace

std::optional<std::string> value_of(std::string_view text, std::string_view key,
                                    const std::string& file) {
  if (is_blank(text)) return std::nullopt;
  const JsonObject object = scan_object(text, file);
  const JsonMember* found = object.find(key);
  if (found == nullptr) return std::nullopt;
  const auto value = nlohmann::json::parse(found->value.of(text), nullptr, false);
  // Go takes halves of surrogate pairs and numbers beyond any type; the library does not.
  return value.is_discarded() ? std::string(found->value.of(text)) : value.dump();
}

model::DaemonKeys read_keys(std::string_view text, const model::DaemonKeys& names,
                            const std::string& file) {
  if (!is_blank(text)) scan_object(text, file);
  model::DaemonKeys values;
  for (const auto& [name, ignored] : names) values[name] = value_of(text, name, file);
  return values;
}

std::string edit_keys(std::string text, const model::DaemonKeys& keys, const std::string& file) {
  if (!is_blank(text)) scan_object(text, file);
  for (const auto& [key, value] : keys) {
    if (value && nlohmann::json::parse(*value, nullptr, false).is_discarded()) {
      throw base::Error(base::ErrorKind::kInvalid,
                        "the value wanted for \"" + key + "\" is no JSON: " + *value);
    }
    text = value ? set_key(std::move(text), key, *value, file)
                 : remove_key(std::move(text), key, file);
  }
  return text;
}

std::string use_bridge(const std::string& bridge, const std::string& bip) {
  if (unquoted(bridge) == "none") return "leave out the bip of this host in the inventory";
  return "give that bridge the address " + unquoted(bip) + " yourself and set bridge = " + bridge +
         " and daemon_json = \"off\" for this host in the inventory";
}

void refuse_rivals(std::string_view text, const model::DaemonKeys& wanted,
                   const std::string& file) {
  const auto bip = wanted.find("bip");
  if (is_blank(text) || bip == wanted.end() || !bip->second) return;
  const JsonObject object = scan_object(text, file);
  const JsonMember* bridge = object.find("bridge");
  if (bridge == nullptr || wanted.contains("bridge")) return;
  const std::string value(bridge->value.of(text));
  if (value == "null" || value == "\"\"") return;  // both mean "not given" to dockerd
  throw base::Error(base::ErrorKind::kInvalid,
                    position(text, bridge->key.begin, file) + ": \"bridge\" is " + value +
                        ", and \"bip\": " + *bip->second +
                        " is wanted beside it; dockerd does not start with both. Take \"bridge\" "
                        "out, or " +
                        use_bridge(value, *bip->second));
}

void refuse_other_subnet(std::string_view text, const model::DaemonKeys& wanted,
                         const std::string& file) {
  const auto bip = wanted.find("bip");
  if (is_blank(text) || bip == wanted.end() || !bip->second) return;
  const auto address = model::InterfaceAddress::parse(unquoted(*bip->second));
  if (!address) return;
  const model::Prefix subnet = address->prefix();
  const JsonObject object = scan_object(text, file);
  for (const std::string key : {"default-gateway", "fixed-cidr"}) {
    const JsonMember* found = object.find(key);
    if (found == nullptr) continue;
    const std::string value(found->value.of(text));
    const auto gateway = model::Address::parse(unquoted(value));
    const auto range = model::InterfaceAddress::parse(unquoted(value));
    const bool outside =
        (gateway && !subnet.contains(*gateway)) || (range && !subnet.overlaps(range->prefix()));
    if (!outside) continue;
    throw base::Error(base::ErrorKind::kInvalid,
                      position(text, found->key.begin, file) + ": \"" + key + "\" is " + value +
                          ", outside of the bridge subnet " + subnet.to_string() +
                          " of the \"bip\" " + *bip->second +
                          " wanted; dockerd would not work with both. Take \"" + key +
                          "\" out, or correct it");
  }
}

bool same_meaning(std::string_view a, std::string_view b, const std::string& file) {
  if (a == b) return true;
  const nlohmann::json first = parse_whole(a, file);
  const nlohmann::json second = parse_whole(b, file);
  return !first.is_discarded() && !second.is_discarded() && first == second;
}

bool same_value(std::string_view a, std::string_view b) {
  const auto first = nlohmann::json::parse(a, nullptr, false);
  const auto second = nlohmann::json::parse(b, nullptr, false);
  return !first.is_discarded() && !second.is_discarded() && first == second;
}

}  // namespace overland::docker
