#include "cli/path_json.h"

#include <nlohmann/json.hpp>

#include "cli/plan_json.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

Json stages_json(const desired::Path& path, const inventory::Inventory& inventory) {
  Json stages = Json::array();
  for (const auto& stage : path.stages) {
    Json entry = {{"from", stage.from}, {"to", stage.to}, {"over", stage.medium}};
    entry["segment"] = stage.segment ? Json(inventory.segments[*stage.segment].name) : Json();
    entry["next_hop"] = stage.next.to_string();
    Json equals = Json::array();
    for (const auto& gateway : stage.equals) equals.push_back(gateway.to_string());
    entry["equal_next_hops"] = std::move(equals);
    entry["why"] = stage.why;
    stages.push_back(std::move(entry));
  }
  return stages;
}

}  // namespace

Json path_json(const inventory::Inventory& inventory, const desired::Endpoint& from,
               const desired::Endpoint& to, const desired::Path& there, const desired::Path& back) {
  return {{"schema_version", kSchemaVersion},
          {"source", from.address.to_string()},
          {"destination", to.address.to_string()},
          {"arrives", there.stuck.empty() && there.refused.empty()},
          {"stuck", there.stuck},
          {"refused", there.refused},
          {"stages", stages_json(there, inventory)},
          {"same_way_back", desired::same_way(there, back)},
          {"back", stages_json(back, inventory)}};
}

}  // namespace overland::cli
