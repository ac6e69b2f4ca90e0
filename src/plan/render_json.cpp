#include <nlohmann/json.hpp>

#include "plan/describe.h"
#include "plan/render.h"

namespace overland::plan {
namespace {

using Json = nlohmann::ordered_json;

Json steps_json(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const auto& step : steps) {
    list.push_back({{"operation", name(operation(step))},
                    {"resource", resource(step)},
                    {"detail", detail(step)}});
  }
  return list;
}

/// Conflicts, or findings.
template <typename Found>
Json conflicts_json(const std::vector<Found>& conflicts) {
  Json list = Json::array();
  for (const auto& conflict : conflicts) {
    list.push_back({{"resource", conflict.resource},
                    {"message", conflict.message},
                    {"remedy", conflict.remedy}});
  }
  return list;
}

}  // namespace

std::string render_json(const Plan& plan, const std::string& host) {
  const Totals totals = count(plan.steps);
  const Json document = {
      {"schema_version", kSchemaVersion},
      {"host", host},
      {"changed", !plan.steps.empty()},
      {"summary", {{"add", totals.add}, {"change", totals.change}, {"remove", totals.remove}}},
      {"steps", steps_json(plan.steps)},
      {"held", steps_json(plan.held)},
      {"held_reason", plan.held_reason},
      {"findings", conflicts_json(plan.findings)},
      {"conflicts", conflicts_json(plan.conflicts)},
      {"advice", conflicts_json(plan.advice)},
      {"docker_restart_required", plan.docker_restart_required},
      {"docker_restart_reason", plan.docker_restart_reason},
  };
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace overland::plan
