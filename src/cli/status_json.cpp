// What status found, as JSON: docs/json.md has the fields, config/schema/status.json the schema.

#include <cstdint>
#include <nlohmann/json.hpp>

#include "cli/plan_json.h"
#include "cli/status_peer.h"
#include "cli/status_report.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Seconds since 1970; null: never in this boot.
Json time_json(std::int64_t time) { return time == 0 ? Json() : Json(time); }

Json inventory_json(const StatusReport& report) {
  return {{"file", report.background.file},
          {"hash", report.background.hash},
          {"generation", report.generation ? Json(*report.generation) : Json()},
          {"hosts", report.hosts},
          {"refused", report.background.refused}};
}

Json source_json(const std::optional<source::Record>& source) {
  if (!source) return {};
  return {{"name", source->source},
          {"last_visit", time_json(source->last_visit)},
          {"last_success", time_json(source->last_success)},
          {"fault", source->fault},
          {"warning", source->warning}};
}

Json peers_json(const std::vector<PeerStatus>& peers) {
  Json list = Json::array();
  for (const auto& peer : peers) {
    // Of peers there are many, and lists in braces are copied.
    Json& entry = list.emplace_back(Json::object());
    entry["name"] = peer.name;
    entry["subnet"] = peer.subnet;
    Json& hops = entry["next_hops"] = Json::array();
    for (const auto& hop : peer.next_hops) {
      Json& one = hops.emplace_back(Json::object());
      one["address"] = hop.address;
      one["link"] = hop.link;
      one["neighbour"] = name(hop.reach);
    }
    entry["state"] = peer.state.text;
    entry["ok"] = peer.state.tone == Tone::kGood;
  }
  return list;
}

}  // namespace

std::string status_json(const StatusReport& report) {
  Json settings = Json::array();
  for (const auto& one : report.settings) {
    settings.push_back(
        {{"name", one.name}, {"desired", one.desired}, {"actual", one.actual}, {"ok", one.ok}});
  }
  Json document = {
      {"schema_version", kSchemaVersion},
      {"host", report.host},
      {"in_sync", report.verdict == Verdict::kInSync},
      {"status", name(report.verdict)},
      {"inventory", inventory_json(report)},
      {"source", source_json(report.background.source)},
      {"last_run", time_json(report.background.runs.last_run)},
      {"last_success", time_json(report.background.runs.last_success)},
      {"docker", report.docker},
      {"firewall", report.firewall},
      {"guard", report.guard},
      {"peers", peers_json(report.peers)},
      {"settings", settings},
  };
  if (report.peer) document["peer"] = peer_json(*report.peer);
  put_held(document, report.plan);
  put_findings(document, report.plan);
  return printed(document);
}

}  // namespace overland::cli
