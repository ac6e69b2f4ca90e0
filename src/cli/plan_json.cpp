#include "cli/plan_json.h"

#include <nlohmann/json.hpp>

#include "plan/describe.h"
#include "plan/render.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

Json steps_json(const std::vector<plan::Step>& steps) {
  Json list = Json::array();
  for (const auto& step : steps) {
    const auto [resource, detail] = plan::words(step);
    list.push_back({{"operation", plan::name(plan::operation(step))},
                    {"resource", resource},
                    {"detail", detail}});
  }
  return list;
}

Json findings_json(const std::vector<model::Finding>& findings) {
  Json list = Json::array();
  for (const auto& one : findings) {
    list.push_back({{"resource", one.resource}, {"message", one.message}, {"remedy", one.remedy}});
  }
  return list;
}

}  // namespace

void put_held(Json& document, const plan::Plan& plan) {
  document["held"] = steps_json(plan.held);
  document["held_reason"] = plan.held_reason;
}

void put_findings(Json& document, const plan::Plan& plan) {
  document["findings"] = findings_json(plan.holding());
  document["conflicts"] = findings_json(plan.conflicts());
  document["advice"] = findings_json(plan.advice());
  document["docker_restart_required"] = plan.docker_restart_required;
  document["docker_restart_reason"] = plan.docker_restart_reason;
}

std::string printed(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string plan_json(const plan::Plan& plan, const std::string& host) {
  const plan::Totals totals = plan::count(plan.steps);
  Json document = {
      {"schema_version", kSchemaVersion},
      {"host", host},
      {"changed", !plan.steps.empty()},
      {"in_sync", plan.in_sync()},
      {"summary", {{"add", totals.add}, {"change", totals.change}, {"remove", totals.remove}}},
      {"steps", steps_json(plan.steps)},
  };
  put_held(document, plan);
  put_findings(document, plan);
  return printed(document);
}

}  // namespace overland::cli
