#include "cli/path_json.h"

#include <nlohmann/json.hpp>

#include "cli/plan_json.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

/// null: what it was asked for by; empty: an address that a host chooses.
Json arrives_with(const desired::Path& there) {
  if (!there.masquerader.empty()) return "";
  return there.source ? Json(there.source->to_string()) : Json();
}

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
    entry["tunnel"] = tunnel_json(stage.tunnel);
    stages.push_back(std::move(entry));
  }
  return stages;
}

}  // namespace

Json tunnel_json(const std::optional<desired::Outer>& tunnel) {
  if (!tunnel) return {};
  return {{"vni", tunnel->vni},
          {"port", tunnel->port},
          {"outer_source", tunnel->from.to_string()},
          {"outer_destination", tunnel->to.to_string()},
          {"mtu", tunnel->mtu ? Json(*tunnel->mtu) : Json()}};
}

Json path_json(const inventory::Inventory& inventory, const desired::Endpoint& from,
               const desired::Endpoint& to, const desired::Path& there, const desired::Path& back) {
  return {{"schema_version", kSchemaVersion},
          {"source", from.address.to_string()},
          {"destination", to.address.to_string()},
          {"arrives", there.stuck.empty() && there.refused.empty()},
          {"stuck", there.stuck},
          {"refused", there.refused},
          {"arrives_with", arrives_with(there)},
          {"stages", stages_json(there, inventory)},
          {"same_way_back", desired::same_way(there, back)},
          {"back", stages_json(back, inventory)}};
}

}  // namespace overland::cli
