#include "docker/api_json.h"

#include <cstddef>

#include "base/error.h"

namespace overland::docker {

using nlohmann::json;

namespace {

/// Sixteen megabytes of brackets would become a gigabyte of values. Docker's own answers are six
/// levels deep, and a thousand networks are some 40,000 values.
constexpr int kDeepest = 32;
constexpr std::size_t kMostValues = 1'000'000;

}  // namespace

void refuse(const std::string& what) {
  throw base::Error(base::ErrorKind::kInvalid, "Docker's API: " + what);
}

json parse_answer(const std::string& text, const std::string& question) {
  std::size_t values = 0;
  const auto bounded = [&](int depth, json::parse_event_t /*event*/, json& /*parsed*/) {
    if (depth > kDeepest) refuse("the answer to " + question + " is nested too deep");
    if (++values > kMostValues) refuse("the answer to " + question + " has too many values");
    return true;
  };
  json value = json::parse(text, bounded, false);
  if (value.is_discarded()) refuse("the answer to " + question + " is no JSON");
  return value;
}

std::string words_of_refusal(std::string_view body) {
  const std::string text(body.substr(0, body.find_last_not_of("\r\n ") + 1));
  try {
    const json answer = parse_answer(text, "a request");
    const std::string message = answer.is_object() ? text_of(answer, "message") : "";
    return message.empty() ? text : message;
  } catch (const base::Error&) {
    return text;  // no JSON
  }
}

const json* member(const json& object, const char* name) {
  if (!object.is_object()) refuse(std::string("no object around \"") + name + "\"");
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const json& object, const char* name) {
  const json* value = member(object, name);
  if (value == nullptr) return {};
  if (!value->is_string()) refuse(std::string("\"") + name + "\" is no string");
  return value->get<std::string>();
}

bool flag_of(const json& object, const char* name) {
  const json* value = member(object, name);
  if (value != nullptr && !value->is_boolean()) refuse(std::string("\"") + name + "\" is no flag");
  return value != nullptr && value->get<bool>();
}

const json& list_of(const json& object, const char* name) {
  static const json kNone = json::array();
  const json* value = member(object, name);
  if (value != nullptr && !value->is_array()) refuse(std::string("\"") + name + "\" is no list");
  return value == nullptr ? kNone : *value;
}

}  // namespace overland::docker
