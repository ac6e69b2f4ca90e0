#include "reconcile/saved_json.h"

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace overland::reconcile {
namespace {

using Json = nlohmann::ordered_json;

/// Raised only where an older program would misread what stands there, not where it knows less.
constexpr int kVersion = 1;
constexpr std::string_view kHex = "hex:";
constexpr std::array kMembers = {"version",     "hosts",     "bridge_subnets", "subnets",
                                 "generation",  "inventory", "sysctls",        "daemon_keys",
                                 "daemon_json", "unread_by"};

bool is_utf8(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

/// A text that JSON can hold, and from which bytes_of() makes the same bytes again.
std::string text_of(const std::string& bytes) {
  if (is_utf8(bytes) && !bytes.starts_with(kHex)) return bytes;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(kHex);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 0xfU];
  }
  return text;
}

/// Throws kInvalid where it is none of text_of().
std::string bytes_of(const std::string& text) {
  if (!text.starts_with(kHex)) return text;
  std::string bytes;
  for (std::size_t i = kHex.size(); i < text.size(); i += 2) {
    const std::string two = text.substr(i, 2);
    if (two.size() != 2 || two.find_first_not_of("0123456789abcdef") != std::string::npos) {
      throw base::Error(base::ErrorKind::kInvalid, "bytes that are none");
    }
    bytes += static_cast<char>(std::stoi(two, nullptr, 16));
  }
  return bytes;
}

Json optional_json(const std::optional<std::string>& value) {
  return value ? Json(text_of(*value)) : Json(nullptr);
}

std::optional<std::string> optional_bytes(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return bytes_of(value.get<std::string>());
}

Json replaced_json(const std::map<std::string, Replaced>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    object[text_of(name)] = {{"before", optional_json(value.before)},
                             {"set", optional_json(value.set)}};
  }
  return object;
}

std::map<std::string, Replaced> replaced_from(const Json& object) {
  std::map<std::string, Replaced> values;
  for (const auto& [name, value] : object.items()) {
    values[bytes_of(name)] = {optional_bytes(value.at("before")), optional_bytes(value.at("set"))};
  }
  return values;
}

/// As overland 0.1 wrote them: a text a host.
Subnets subnets_from(const Json& list) {
  std::string text;
  for (const auto& line : list) text += line.get<std::string>() + "\n";
  return Subnets::parse(std::move(text));
}

/// What is deeper than anything we write is not kept, lest whoever walks through it runs out of
/// stack.
bool shallow(int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
  constexpr int kDeepest = 32;
  if (depth > kDeepest) throw base::Error(base::ErrorKind::kInvalid, "nested too deep");
  return true;
}

std::int64_t integer(const Json& value) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kLargest);
  if (!fits) throw base::Error(base::ErrorKind::kInvalid, "no whole number");
  return value.get<std::int64_t>();
}

SavedState members_of(const Json& document) {
  SavedState state;
  const auto with = [&](const char* name, auto use) {
    if (const auto found = document.find(name); found != document.end()) use(*found);
  };
  with("bridge_subnets",
       [&](const Json& value) { state.subnets = Subnets::parse(value.get<std::string>()); });
  // Where both stand, an older program was the last to write.
  with("subnets", [&](const Json& value) { state.subnets = subnets_from(value); });
  with("generation", [&](const Json& value) {
    if (!value.is_null()) state.generation = integer(value);
  });
  with("inventory", [&](const Json& value) { state.inventory_hash = value.get<std::string>(); });
  with("sysctls", [&](const Json& value) { state.sysctls = replaced_from(value); });
  with("daemon_keys", [&](const Json& value) { state.daemon_keys = replaced_from(value); });
  with("daemon_json", [&](const Json& value) { state.daemon_json = optional_bytes(value); });
  with("unread_by",
       [&](const Json& value) { state.unread_by = bytes_of(value.get<std::string>()); });
  Json unknown = Json::object();
  for (const auto& [name, value] : document.items()) {
    const bool known = std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end();
    if (!known) unknown[name] = value;
  }
  if (!unknown.empty()) state.unknown = unknown.dump();
  return state;
}

}  // namespace

std::string to_text(const SavedState& state) {
  Json document = {
      {"version", kVersion},
      {"hosts", state.subnets.size()},  // overland 0.1 counted them, and reads no file without
      {"bridge_subnets", state.subnets.text()},
      {"generation", state.generation ? Json(*state.generation) : Json(nullptr)},
      {"inventory", state.inventory_hash},
      {"sysctls", replaced_json(state.sysctls)},
      {"daemon_keys", replaced_json(state.daemon_keys)},
      {"daemon_json", optional_json(state.daemon_json)},
      {"unread_by", text_of(state.unread_by)},
  };
  if (!state.unknown.empty()) document.update(Json::parse(state.unknown));
  return document.dump(2) + "\n";
}

Understood from_text(std::string_view text) {
  try {
    const Json document = Json::parse(text, shallow);
    const auto version = integer(document.at("version"));
    if (version != kVersion) {
      const std::string label = std::to_string(version);
      return {{}, "has the unknown version " + label, label};
    }
    return {members_of(document), {}, {}};
  } catch (const Json::exception&) {  // its words quote bytes that no terminal should see
  } catch (const base::Error&) {
  }
  return {{}, "is damaged", "damaged"};
}

}  // namespace overland::reconcile
