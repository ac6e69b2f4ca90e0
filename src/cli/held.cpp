#include "cli/held.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "desired/container_networks.h"
#include "desired/held_subnets.h"

namespace overland::cli {
namespace {

std::vector<desired::HadSubnets> had(const reconcile::Subnets& subnets) {
  std::vector<desired::HadSubnets> result;
  subnets.each([&](std::string_view host, const std::vector<model::Prefix>& list) {
    result.push_back({std::string(host), list});
  });
  return result;
}

std::vector<desired::HadNetwork> had_networks(const reconcile::Subnets& subnets) {
  std::vector<desired::HadNetwork> result;
  subnets.each([&](std::string_view place, const std::vector<model::Prefix>& list) {
    const auto slash = place.rfind('/');
    if (slash == std::string_view::npos) return;
    for (const auto& subnet : list) {
      result.push_back(
          {std::string(place.substr(0, slash)), std::string(place.substr(slash + 1)), subnet});
    }
  });
  return result;
}

/// Without those of closed networks: held, they would be as open as docker0's.
std::vector<model::Prefix> in_the_file(const inventory::Inventory& inventory,
                                       const inventory::Host& host) {
  auto subnets = desired::open_subnets(inventory, host);
  if (!host.held) return subnets;
  std::erase_if(subnets, [&](const model::Prefix& one) {
    return std::find(host.held->begin(), host.held->end(), one) != host.held->end();
  });
  return subnets;
}

}  // namespace

reconcile::Subnets subnets_of(const inventory::Inventory& inventory) {
  reconcile::Subnets subnets;
  for (const auto& host : inventory.hosts) {
    if (host.bip || host.networks) subnets.add(host.name, in_the_file(inventory, host));
  }
  return subnets;
}

reconcile::Subnets network_subnets_of(const inventory::Inventory& inventory) {
  reconcile::Subnets subnets;
  for (const auto& host : inventory.hosts) {
    if (!host.networks) continue;
    for (const auto& part : *host.networks) {
      const auto& network = inventory.networks[part.network];
      if (!part.routed || network.internal || desired::is_closed(network)) continue;
      subnets.add(host.name + "/" + network.name, {*part.routed});
    }
  }
  return subnets;
}

bool hold_subnets(inventory::Inventory& inventory, const reconcile::SavedState& saved) {
  const bool changed = saved.subnets != subnets_of(inventory);
  if (!changed && saved.held_subnets.empty()) return false;
  desired::hold_subnets(inventory, had(saved.subnets), had(saved.held_subnets),
                        had_networks(saved.network_subnets));
  return std::any_of(inventory.hosts.begin(), inventory.hosts.end(),
                     [](const auto& host) { return bool(host.held); });
}

reconcile::Subnets held_subnets_of(const inventory::Inventory& inventory) {
  reconcile::Subnets subnets;
  for (const auto& host : inventory.hosts) {
    if (host.held) subnets.add(host.name, *host.held);
  }
  return subnets;
}

reconcile::Subnets held_in_doubt(const inventory::Inventory& inventory,
                                 const reconcile::Subnets& before) {
  std::map<std::string, std::set<model::Prefix>> all;
  before.each([&](std::string_view host, const std::vector<model::Prefix>& list) {
    all[std::string(host)].insert(list.begin(), list.end());
  });
  for (const auto& host : inventory.hosts) {
    if (host.bip) all[host.name].insert(host.bip->prefix());
    if (!host.networks) continue;
    const auto subnets = in_the_file(inventory, host);
    all[host.name].insert(subnets.begin(), subnets.end());
  }
  reconcile::Subnets subnets;
  for (const auto& [host, list] : all) subnets.add(host, {list.begin(), list.end()});
  return subnets;
}

void warn_of_ended_trust(const inventory::Inventory& inventory,
                         const std::vector<model::Prefix>& before,
                         const std::vector<model::Prefix>& held) {
  for (const auto& segment : inventory.segments) {
    const auto was = std::find_if(before.begin(), before.end(), [&](const auto& subnet) {
      return subnet.overlaps(segment.subnet);
    });
    const bool still = std::find(held.begin(), held.end(), segment.subnet) != held.end();
    if (was == before.end() || still || segment.trust_said) continue;
    spdlog::warn(
        "segment {}: {} was trusted as a whole since an upgrade, and is trusted by host from now "
        "on: {}; say trust = \"subnet\" or trust = \"hosts\" there",
        segment.name, was->to_string(),
        *was == segment.subnet ? "who has an address in it has changed"
                               : "its subnet is another, " + segment.subnet.to_string());
  }
}

}  // namespace overland::cli
