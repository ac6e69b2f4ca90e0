#pragma once
// Whether a document may take the place of the local inventory. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::source {

struct Terms {
  std::string name;  // what the document is called in sentences
  bool generation_required = true;
  std::optional<std::int64_t> least_generation;  // that of the one here
  bool lower_generation = false;                 // is taken all the same
  std::string cluster = {};                      // that of the one here; empty: any
  std::optional<std::string> host;               // --host
  std::string hostname;
  std::function<std::vector<model::Address>()> addresses;  // of this machine
  std::vector<inventory::Fragment> fragments = {};         // that it has already
  std::string folder = {};                                 // of those
};

/// The inventory that `bytes` are with the fragments: what would be applied, whole and without a
/// fault, and this host is in it. `warnings` gets those of the reader. Throws kInventory, with
/// every fault.
inventory::Inventory accept(const std::string& bytes, const Terms& terms,
                            std::vector<inventory::Diagnostic>& warnings);

/// Throws kInventory where both clusters have names, and not the same: that of another one may well
/// have hosts of the same names, in the same networks. `name`: of the document.
void require_cluster(const inventory::Inventory& inventory, const std::string& name,
                     const std::string& before);

/// As far as it can be told without knowing whose host this is: for who publishes it.
inventory::Inventory require_publishable(const std::string& bytes, const Terms& terms,
                                         std::vector<inventory::Diagnostic>& warnings);

/// The host whose containers have `address`: a store there is reached by the routes that its
/// document makes. nullptr: none.
const inventory::Host* host_around(const inventory::Inventory& inventory,
                                   const model::Address& address);

}  // namespace overland::source
