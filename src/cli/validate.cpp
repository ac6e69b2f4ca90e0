// The verb validate.

#include <iostream>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "inventory/inventory.h"

namespace overland::cli {
namespace {

std::size_t docker_hosts(const inventory::Inventory& inventory) {
  std::size_t count = 0;
  for (const auto& host : inventory.hosts) count += host.bip ? 1 : 0;
  return count;
}

}  // namespace

int validate(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("inventory,i", po::value<std::string>()->default_value(kInstalledInventory),
                        "the file to check; - is standard input; may be given without the option");
  const auto values = parse(arguments, "validate [FILE]", options, "inventory");
  if (!values) return kOk;
  const auto file = (*values)["inventory"].as<std::string>();
  const auto loaded = inventory::load(file);
  // Plain lines, as a compiler writes them: editors jump to file:line:column.
  std::cerr << inventory::render(loaded.diagnostics, file);
  if (!loaded.inventory) return kInventory;
  const auto& inventory = *loaded.inventory;
  std::cout << file << ": valid: " << inventory.hosts.size() << " hosts, "
            << docker_hosts(inventory) << " with Docker, " << inventory.segments.size()
            << " segments\n";
  return kOk;
}

}  // namespace overland::cli
