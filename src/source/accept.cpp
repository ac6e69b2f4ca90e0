#include "source/accept.h"

#include "base/error.h"
#include "inventory/report.h"

namespace overland::source {
namespace {

using inventory::Inventory;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

/// For a sentence.
std::string with_fragments(const Terms& terms) {
  return terms.fragments.empty() ? "" : ", with the fragments in " + terms.folder + " here,";
}

void check_generation(const Inventory& inventory, const Terms& terms) {
  if (!inventory.generation) {
    if (terms.generation_required) {
      refuse(terms.name +
             " has no generation, so an old copy of it could not be told: write generation = 1 as "
             "its first line, or generation = \"optional\" into source.toml");
    }
    if (terms.least_generation && !terms.lower_generation) {
      refuse(terms.name + " has no generation, and the one here has " +
             std::to_string(*terms.least_generation));
    }
    return;
  }
  if (!terms.least_generation || terms.lower_generation) return;
  if (*inventory.generation >= *terms.least_generation) return;
  refuse(terms.name + " has generation " + std::to_string(*inventory.generation) +
         ", and the one here has " + std::to_string(*terms.least_generation) +
         ": it is an older one, as after a restored backup; publish a newer one, or take it with "
         "--force-generation");
}

}  // namespace

void require_cluster(const Inventory& inventory, const std::string& name,
                     const std::string& before) {
  const std::string& after = inventory.cluster.name;
  if (after.empty() || before.empty() || after == before) return;
  refuse(name + " is of the cluster " + inventory::quote(after) + ", and what is there of " +
         inventory::quote(before) +
         ": is it the right one? A cluster is given another name by having none for a generation");
}

Inventory require_publishable(const std::string& bytes, const Terms& terms,
                              std::vector<inventory::Diagnostic>& warnings) {
  if (bytes.find('\0') != std::string::npos) refuse(terms.name + " is no text: it has NUL bytes");
  const inventory::Sources sources = {bytes, terms.fragments};
  if (inventory::size_of_joined(sources) > inventory::kLargestFile) {
    refuse(terms.name + with_fragments(terms) + " is larger than 64 MiB");
  }
  auto loaded = inventory::parse(sources);
  if (!loaded.inventory) {
    refuse(inventory::render(loaded.diagnostics, terms.name, terms.folder) + terms.name +
           with_fragments(terms) + " has faults");
  }
  warnings = std::move(loaded.diagnostics);
  inventory::require_bips(*loaded.inventory, terms.name);
  require_cluster(*loaded.inventory, terms.name, terms.cluster);
  check_generation(*loaded.inventory, terms);
  return std::move(*loaded.inventory);
}

Inventory accept(const std::string& bytes, const Terms& terms,
                 std::vector<inventory::Diagnostic>& warnings) {
  Inventory inventory = require_publishable(bytes, terms, warnings);
  try {
    static_cast<void>(inventory::find_host(inventory, terms.host, terms.hostname, terms.addresses));
  } catch (const base::Error& error) {
    refuse("this host is not in the new one: " + std::string(error.what()));
  }
  return inventory;
}

const inventory::Host* host_around(const Inventory& inventory, const model::Address& address) {
  for (const inventory::Host& host : inventory.hosts) {
    for (const model::Prefix& subnet : host.bridge_subnets()) {
      if (subnet.contains(address)) return &host;
    }
  }
  return nullptr;
}

}  // namespace overland::source
