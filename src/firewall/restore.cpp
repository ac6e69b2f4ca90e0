#include "firewall/restore.h"

#include <algorithm>

#include "firewall/nft/dump.h"
#include "firewall/nft/wing.h"
#include "model/ownership.h"

namespace overland::firewall {

bool restore_table(const model::FirewallPolicy& policy) {
  const auto tables = nft::Dump().tables();
  if (std::ranges::any_of(tables, [](const auto& one) { return one.name == model::kNftTable; })) {
    return false;
  }
  nft::make_wing().table->write(policy);
  return true;
}

}  // namespace overland::firewall
