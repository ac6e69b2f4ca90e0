#include "fleet/told.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"

namespace overland::fleet {
namespace {

using Json = nlohmann::json;

constexpr int kSchema = 2;
constexpr std::size_t kLongestWord = 80;
constexpr std::size_t kLongestSentence = 400;

[[noreturn]] void refuse(const std::string& clause) {
  throw base::Error(base::ErrorKind::kInvalid, clause);
}

/// A document, and what it is called in sentences.
class Document {
 public:
  Document(std::string_view text, const char* name) : name_(name) {
    const auto shallow = [&](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
      constexpr int kDeepest = 32;
      if (depth > kDeepest) refuse("its " + name_ + " is nested too deep");
      return true;
    };
    json_ = Json::parse(text, shallow, false);
    if (!json_.is_object()) refuse("its " + name_ + " is no JSON");
    const auto schema = json_.find("schema_version");
    if (schema != json_.end() && schema->is_number_integer() && *schema == kSchema) return;
    const std::string number =
        schema != json_.end() && schema->is_number_unsigned() ? " " + schema->dump() : "";
    refuse("its " + name_ + " is of schema" + base::shorten(number, kLongestWord) +
           ", which this overland does not read");
  }

  [[nodiscard]] std::string text(const char* field, std::size_t longest = kLongestWord) const {
    return text_in(json_, field, longest);
  }
  [[nodiscard]] bool flag(const char* field) const {
    const Json& value = at(json_, field);
    if (!value.is_boolean()) wrong(field);
    return value.get<bool>();
  }
  [[nodiscard]] const Json& list(const char* field) const { return list_in(json_, field); }
  [[nodiscard]] const Json& object(const char* field) const {
    const Json& value = at(json_, field);
    if (!value.is_object()) wrong(field);
    return value;
  }
  [[nodiscard]] const Json& list_in(const Json& of, const char* field) const {
    const Json& value = at(of, field);
    if (!value.is_array()) wrong(field);
    return value;
  }
  [[nodiscard]] std::string text_in(const Json& of, const char* field,
                                    std::size_t longest = kLongestWord) const {
    const Json& value = at(of, field);
    if (!value.is_string()) wrong(field);
    return base::shorten(value.get_ref<const std::string&>(), longest);
  }
  [[nodiscard]] bool flag_in(const Json& of, const char* field) const {
    const Json& value = at(of, field);
    if (!value.is_boolean()) wrong(field);
    return value.get<bool>();
  }
  [[nodiscard]] std::optional<std::int64_t> number_in(const Json& of, const char* field) const {
    const Json& value = at(of, field);
    if (value.is_null()) return std::nullopt;
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
    if (!fits) wrong(field);
    return value.get<std::int64_t>();
  }

 private:
  [[nodiscard]] const Json& at(const Json& of, const char* field) const {
    if (!of.is_object()) wrong(field);
    const auto found = of.find(field);
    if (found == of.end()) refuse("its " + name_ + " has no " + field);
    return *found;
  }
  [[noreturn]] void wrong(const char* field) const {
    refuse("its " + name_ + " has a " + field + " that is none");
  }

  std::string name_;
  Json json_;
};

std::size_t drift_in(const Document& document) {
  std::size_t drift = 0;
  for (const Json& one : document.list("settings")) drift += document.flag_in(one, "ok") ? 0 : 1;
  for (const Json& one : document.list("peers")) {
    const std::string state = document.text_in(one, "state");
    drift += state == "missing" || state == "differs" ? 1 : 0;
  }
  return drift;
}

}  // namespace

std::string version_told(std::string_view text) {
  constexpr std::string_view kName = "overland ";
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  if (!line.starts_with(kName) || line.size() == kName.size()) refuse("it tells no version");
  return base::shorten(line.substr(kName.size()), kLongestWord);
}

StatusTold status_told(std::string_view json) {
  const Document document(json, "status");
  StatusTold told;
  told.host = document.text("host");
  told.status = document.text("status");
  constexpr std::array kWords = {"in_sync", "unknown", "drift", "conflict"};
  if (std::find(kWords.begin(), kWords.end(), told.status) == kWords.end()) {
    refuse("its status has an unknown status");
  }
  const Json& inventory = document.object("inventory");
  told.hash = document.text_in(inventory, "hash");
  told.generation = document.number_in(inventory, "generation");
  told.refused = document.text_in(inventory, "refused", kLongestSentence);
  told.drift = drift_in(document);
  told.conflicts = document.list("conflicts").size();
  told.restart_required = document.flag("docker_restart_required");
  return told;
}

ProbeTold probe_told(std::string_view json) {
  const Document document(json, "probe");
  ProbeTold told;
  told.all = document.flag("reached");
  bool first = true;
  for (const Json& stand : document.list("stands")) {
    const Json& peers = document.list_in(stand, "peers");
    std::size_t reached = 0;
    for (const Json& peer : peers) reached += document.flag_in(peer, "reached") ? 1 : 0;
    if (!first && peers.size() - reached <= told.peers - told.reached) continue;
    told.peers = peers.size();
    told.reached = reached;
    first = false;
  }
  return told;
}

PlanTold plan_told(std::string_view json) {
  const Document document(json, "plan");
  return {document.text("host"), document.list("steps").size(), document.list("held").size(),
          document.list("conflicts").size(), document.flag("in_sync")};
}

ApplyTold apply_told(std::string_view json) {
  const Document document(json, "report");
  return {document.text("host"), document.flag("changed"), document.flag("converged"),
          document.list("conflicts").size(), document.flag("docker_restart_required")};
}

std::string fault_told(std::string_view json) {
  const Document document(json, "validation");
  if (document.flag("valid")) return {};
  for (const Json& one : document.list("diagnostics")) {
    if (document.text_in(one, "severity") != "error") continue;
    const auto line = document.number_in(one, "line").value_or(0);
    return "line " + std::to_string(line) + ": " + document.text_in(one, "code") + ": " +
           document.text_in(one, "message", kLongestSentence);
  }
  return "it is not valid";
}

}  // namespace overland::fleet
