// The verb validate.

#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/plan_json.h"
#include "cli/verb.h"
#include "inventory/inventory.h"
#include "inventory/tunnels.h"

namespace overland::cli {
namespace {

std::size_t docker_hosts(const inventory::Inventory& inventory) {
  std::size_t count = 0;
  for (const auto& host : inventory.hosts) count += host.has_bridge() ? 1 : 0;
  return count;
}

std::size_t waiting_hosts(const inventory::Inventory& inventory) {
  std::size_t count = 0;
  for (const auto& host : inventory.hosts) count += host.auto_bip ? 1 : 0;
  return count;
}

std::uint64_t tunnel_pairs(const inventory::Inventory& inventory) {
  return inventory::Tunnels(inventory).pairs();
}

std::string validation_json(const inventory::Loaded& loaded, const std::string& file,
                            const std::string& folder) {
  nlohmann::ordered_json faults = nlohmann::ordered_json::array();
  for (const auto& one : loaded.diagnostics) {
    faults.push_back(
        {{"severity", one.severity == inventory::Severity::kError ? "error" : "warning"},
         {"code", one.code},
         {"file", one.fragment.empty() ? file : folder + "/" + one.fragment},
         {"line", one.position.line},
         {"column", one.position.column},
         {"message", one.message},
         {"remedy", one.remedy}});
  }
  nlohmann::ordered_json document = {{"schema_version", kSchemaVersion},
                                     {"file", file},
                                     {"valid", loaded.inventory.has_value()},
                                     {"diagnostics", std::move(faults)}};
  if (loaded.inventory) {
    document["hosts"] = loaded.inventory->hosts.size();
    document["docker_hosts"] = docker_hosts(*loaded.inventory);
    document["auto_bips"] = waiting_hosts(*loaded.inventory);
    document["segments"] = loaded.inventory->segments.size();
    document["networks"] = loaded.inventory->networks.size();
    document["tunnel_pairs"] = tunnel_pairs(*loaded.inventory);
  }
  return printed(document);
}

}  // namespace

int validate(const std::vector<std::string>& arguments) {
  auto options =
      inventory_options("the file to check; - is standard input; may be given without the option");
  options.add_options()("json", po::bool_switch(), "print one JSON document");
  const auto values = parse(arguments, "validate [OPTIONS] [FILE]", options, "inventory");
  if (!values) return kOk;
  const auto file = (*values)["inventory"].as<std::string>();
  const auto folder = fragments_of(file, *values);
  const auto loaded = inventory::load(file, folder);
  if ((*values)["json"].as<bool>()) {
    std::cout << validation_json(loaded, file, folder);
    return loaded.inventory ? kOk : kInventory;
  }
  // Plain lines, as a compiler writes them: editors jump to file:line:column.
  std::cerr << inventory::render(loaded.diagnostics, file, folder);
  if (!loaded.inventory) return kInventory;
  const auto& inventory = *loaded.inventory;
  std::cout << file << ": valid: " << inventory.hosts.size() << " hosts, "
            << docker_hosts(inventory) << " with Docker, " << inventory.segments.size()
            << " segments";
  if (!inventory.networks.empty()) std::cout << ", " << inventory.networks.size() << " networks";
  std::cout << "\n";
  if (inventory.tunnel) {
    const auto pairs = tunnel_pairs(inventory);
    std::cout << pairs << (pairs == 1 ? " pair of hosts uses" : " pairs of hosts use")
              << " the tunnel\n";
  }
  if (const auto waiting = waiting_hosts(inventory)) {
    std::cout << waiting << (waiting == 1 ? " host waits" : " hosts wait")
              << " for a bip: overland assign " << file << "\n";
  }
  return kOk;
}

}  // namespace overland::cli
