// The verb explain: the way of a packet by the inventory alone.

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/plan_json.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "desired/path.h"

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

std::string path_json(const inventory::Inventory& inventory, const desired::Endpoint& from,
                      const desired::Endpoint& to, const desired::Path& there,
                      const desired::Path& back) {
  const Json document = {{"schema_version", 1},
                         {"source", from.address.to_string()},
                         {"destination", to.address.to_string()},
                         {"arrives", there.stuck.empty() && there.refused.empty()},
                         {"stuck", there.stuck},
                         {"refused", there.refused},
                         {"stages", stages_json(there, inventory)},
                         {"same_way_back", desired::same_way(there, back)},
                         {"back", stages_json(back, inventory)}};
  return printed(document);
}

}  // namespace

int explain(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("inventory,i",
                        po::value<std::string>()->default_value("/etc/overland/inventory.toml"),
                        "the shared inventory; - is standard input")("json", po::bool_switch(),
                                                                     "print one JSON document")(
      "ends", po::value<std::vector<std::string>>(),
      "SRC and DST: addresses or names of hosts; may be given without the option");
  const auto values = parse(arguments, "explain [OPTIONS] SRC DST", options, "ends", 2);
  if (!values) return kOk;
  const auto ends = values->count("ends") == 0 ? std::vector<std::string>()
                                               : (*values)["ends"].as<std::vector<std::string>>();
  if (ends.size() != 2) {
    throw base::Error(base::ErrorKind::kUsage,
                      "explain takes two addresses or hosts: overland explain SRC DST");
  }
  const auto inventory = load_inventory((*values)["inventory"].as<std::string>());
  const auto from = desired::find_endpoint(inventory, ends[0]);
  const auto to = desired::find_endpoint(inventory, ends[1], from);
  const auto there = desired::find_path(inventory, from, to);
  const auto back = desired::find_path(inventory, to, from);
  std::cout << ((*values)["json"].as<bool>()
                    ? path_json(inventory, from, to, there, back)
                    : desired::render_path(inventory, from, to, there, back));
  return there.stuck.empty() ? kOk : kFailed;
}

}  // namespace overland::cli
