// Whether every bip is there: an inventory may be valid and still wait for some.

#include "base/error.h"
#include "inventory/inventory.h"
#include "inventory/report.h"

namespace overland::inventory {

void require_bips(const Inventory& inventory, const std::string& file) {
  std::size_t waiting = 0;
  const Host* first = nullptr;
  for (const Host& host : inventory.hosts) {
    if (!host.auto_bip) continue;
    if (waiting++ == 0) first = &host;
  }
  if (waiting == 0) return;
  const std::string others = waiting == 1 ? "" : " and of " + std::to_string(waiting - 1) + " more";
  throw base::Error(base::ErrorKind::kInventory,
                    printable(file) + ": the bip of host " + first->name + others +
                        " is still \"auto\"; write bips into the file with `overland assign " +
                        printable(file) + "` where it is kept, and copy it to every host");
}

}  // namespace overland::inventory
