#pragma once
// Bridge subnets that hosts had before their bip changed without previous_bip. Their containers are
// in them until Docker restarts there, so routes and trust stay until --prune
// (docs/decisions/020-a-changed-bip-takes-nothing-away.md). Pure.

#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

/// What is remembered of one host of an earlier inventory: the subnet of its bip first.
struct HadSubnets {
  std::string host;
  std::vector<model::Prefix> subnets;

  auto operator<=>(const HadSubnets&) const = default;
};

/// One that a network of that host had.
struct HadNetwork {
  std::string host;
  std::string network;
  model::Prefix subnet;

  auto operator<=>(const HadNetwork&) const = default;
};

/// Sets Host::held everywhere. `applied` is what the hosts had in the inventory last applied, in
/// its order, or empty where nothing changed since; `held` what was held then. A subnet is held
/// where its host, by name, still has a bip, and another one than last time; not where the host's
/// own new one covers it, nor where another host or a segment has some of it now. One that was
/// previous_bip is held only where the bip changed and has no previous_bip: to take it out is to
/// end it. That of a network is held where the host still has it, open, with another subnet. O(n
/// log n).
void hold_subnets(inventory::Inventory& inventory, const std::vector<HadSubnets>& applied,
                  const std::vector<HadSubnets>& held,
                  const std::vector<HadNetwork>& networks = {});

}  // namespace overland::desired
