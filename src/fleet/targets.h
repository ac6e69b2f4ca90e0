#pragma once
// Which hosts of an inventory are meant, and as what ssh is given each.

#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::fleet {

struct Target {
  std::string name;         // in the inventory
  std::string destination;  // "10.0.0.1", "admin@10.0.0.1"
};

struct Choice {
  std::vector<std::string> hosts = {};   // names; none: all
  std::vector<std::string> limits = {};  // "3": the first three; "web*", "!web*": glob(7) of names
  std::string user = {};                 // empty: whom ssh's configuration says
  bool by_name = false;                  // ssh is given names, not underlay addresses
};

/// In the inventory's order. Throws kUsage for a name that is none of its hosts', a user that is
/// none, and where nobody is left.
std::vector<Target> choose(const inventory::Inventory& inventory, const Choice& choice);

}  // namespace overland::fleet
