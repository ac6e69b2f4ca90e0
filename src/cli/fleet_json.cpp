// What became of many hosts, for programs: config/schema/fleet.json says what each field means.

#include <nlohmann/json.hpp>

#include "cli/fleet_report.h"
#include "cli/plan_json.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json status_json_of(const fleet::HostResult& host) {
  if (!host.status) return {};
  const auto& told = *host.status;
  return {{"status", told.status},
          {"hash", told.hash},
          {"generation", or_null(told.generation)},
          {"drift", told.drift},
          {"conflicts", told.conflicts},
          {"docker_restart_required", told.restart_required}};
}

Json probe_json_of(const fleet::HostResult& host) {
  if (!host.probe) return {};
  return {{"reached", host.probe->reached}, {"peers", host.probe->peers}, {"all", host.probe->all}};
}

Json plan_json_of(const fleet::HostResult& host) {
  if (!host.plan) return {};
  return {{"steps", host.plan->steps},
          {"held", host.plan->held},
          {"conflicts", host.plan->conflicts},
          {"in_sync", host.plan->in_sync}};
}

Json apply_json_of(const fleet::HostResult& host) {
  if (!host.apply) return {};
  return {{"changed", host.apply->changed},
          {"converged", host.apply->converged},
          {"conflicts", host.apply->conflicts},
          {"docker_restart_required", host.apply->restart_required}};
}

Json host_json(const fleet::HostResult& host, FleetAction action) {
  Json entry = {{"name", host.target.name},
                {"destination", host.target.destination},
                {"reached", host.reached},
                {"fault", host.fault},
                {"exit_code", host.exit_code},
                {"version", host.version.empty() ? Json() : Json(host.version)}};
  entry["status"] = status_json_of(host);
  if (action == FleetAction::kStatus) {
    entry["probe"] = probe_json_of(host);
    return entry;
  }
  entry["plan"] = plan_json_of(host);
  if (action == FleetAction::kPlan) return entry;
  entry["wave"] = or_null(host.wave);
  entry["pushed"] = host.pushed;
  entry["apply"] = apply_json_of(host);
  return entry;
}

}  // namespace

std::string fleet_json(const FleetReport& report) {
  Json hosts = Json::array();
  for (const auto& host : report.hosts) hosts.push_back(host_json(host, report.action));
  return printed(
      {{"schema_version", kSchemaVersion},
       {"action", name(report.action)},
       {"inventory",
        {{"file", report.file}, {"hash", report.hash}, {"generation", or_null(report.generation)}}},
       {"stopped", report.stopped},
       {"exit_code", report.exit_code()},
       {"hosts", std::move(hosts)}});
}

}  // namespace overland::cli
