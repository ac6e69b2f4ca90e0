// The verb explain: the way of a packet by the inventory alone.

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/held.h"
#include "cli/path_json.h"
#include "cli/plan_json.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "desired/path.h"

namespace overland::cli {
int explain(const std::vector<std::string>& arguments) {
  auto options = inventory_options("the shared inventory; - is standard input");
  options.add_options()("json", po::bool_switch(), "print one JSON document")(
      "state", po::value<std::string>()->default_value("/var/lib/overland/state.json"),
      "what this host holds of subnets that bips had before")(
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
  const auto& file = (*values)["inventory"].as<std::string>();
  auto inventory = load_inventory(file, fragments_of(file, *values));
  // What cannot be read is not ours to read: then the inventory alone tells.
  hold_subnets(inventory, reconcile::load_saved((*values)["state"].as<std::string>()));
  const auto from = desired::find_endpoint(inventory, ends[0]);
  const auto to = desired::find_endpoint(inventory, ends[1], from);
  const auto there = desired::find_path(inventory, from, to);
  const auto back = desired::find_path(inventory, to, desired::seen_as(from, there));
  std::cout << ((*values)["json"].as<bool>()
                    ? printed(path_json(inventory, from, to, there, back))
                    : desired::render_path(inventory, from, to, there, back));
  return there.stuck.empty() && there.refused.empty() ? kOk : kFailed;
}

}  // namespace overland::cli
