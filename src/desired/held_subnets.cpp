#include "desired/held_subnets.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "desired/container_networks.h"
#include "inventory/letter_case.h"

namespace overland::desired {
namespace {

using inventory::Inventory;
using model::Prefix;

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);  // no host: a segment's

struct Owned {
  Prefix subnet;
  std::size_t host = 0;

  auto operator<=>(const Owned&) const = default;
};

/// Without what lies in the one before: of a valid inventory only one host's own two overlap. So
/// they are apart.
std::vector<Owned> apart(std::vector<Owned> all) {
  std::sort(all.begin(), all.end());
  std::vector<Owned> result;
  for (const Owned& one : all) {
    if (result.empty() || !result.back().subnet.overlaps(one.subnet)) result.push_back(one);
  }
  return result;
}

std::vector<Owned> owned_now(const Inventory& inventory) {
  std::vector<Owned> all;
  for (const auto& segment : inventory.segments) all.push_back({segment.subnet, kNobody});
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    for (const auto& subnet : inventory.hosts[i].bridge_subnets()) all.push_back({subnet, i});
  }
  return apart(std::move(all));
}

/// Whether `one` is wholly its host's own anyway, or somebody else has some of it.
bool settled(const Owned& one, const std::vector<Owned>& owned) {
  auto at =
      std::upper_bound(owned.begin(), owned.end(), one.subnet,
                       [](const Prefix& subnet, const Owned& o) { return subnet < o.subnet; });
  if (at != owned.begin() && std::prev(at)->subnet.overlaps(one.subnet)) --at;
  for (; at != owned.end() && at->subnet.overlaps(one.subnet); ++at) {
    if (at->host != one.host || at->subnet.contains(one.subnet)) return true;
  }
  return false;
}

class Names {
 public:
  Names(const Inventory& inventory, const std::vector<HadSubnets>& applied) {
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      now_.emplace(inventory::lower(inventory.hosts[i].name), i);
    }
    for (const auto& one : applied) before_.emplace(inventory::lower(one.host), &one);
    for (const auto& [name, index] : now_) {
      const auto& bip = inventory.hosts[index].bip;
      if (bip && !before_.contains(name)) newcomers_.emplace(bip->prefix(), index);
    }
  }

  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const {
    const auto found = now_.find(inventory::lower(name));
    return found == now_.end() ? std::nullopt : std::optional(found->second);
  }

  /// The same, or the new name of a host that has the bip this one had.
  [[nodiscard]] std::optional<std::size_t> find_renamed(const std::string& name) const {
    if (const auto same = find(name)) return same;
    const auto old = before_.find(inventory::lower(name));
    if (old == before_.end()) return std::nullopt;
    const auto taker = newcomers_.find(old->second->subnets.front());
    return taker == newcomers_.end() ? std::nullopt : std::optional(taker->second);
  }

 private:
  std::map<std::string, std::size_t> now_;
  std::map<std::string, const HadSubnets*> before_;
  std::map<Prefix, std::size_t> newcomers_;  // by bip
};

/// Whether the host has that network in another subnet now. Held, a closed one would be open.
bool moved(const Inventory& inventory, const inventory::Host& host, const HadNetwork& had) {
  if (!host.networks) return false;
  return std::ranges::any_of(*host.networks, [&](const auto& part) {
    const auto& network = inventory.networks[part.network];
    return network.name == had.network && part.routed && part.routed != had.subnet &&
           !network.internal && !is_closed(network);
  });
}

std::vector<Owned> candidates(const Inventory& inventory, const std::vector<HadSubnets>& applied,
                              const std::vector<HadSubnets>& held,
                              const std::vector<HadNetwork>& networks) {
  const Names names(inventory, applied);
  std::vector<Owned> result;
  for (const auto& one : networks) {
    const auto index = names.find(one.host);
    if (index && moved(inventory, inventory.hosts[*index], one)) {
      result.push_back({one.subnet, *index});
    }
  }
  for (const auto& one : applied) {
    const auto index = names.find(one.host);
    if (!index || one.subnets.empty()) continue;
    const auto& host = inventory.hosts[*index];
    if (!host.bip || host.bip->prefix() == one.subnets.front()) continue;
    result.push_back({one.subnets.front(), *index});
    if (host.previous_bip) continue;
    for (const auto& subnet : one.subnets) result.push_back({subnet, *index});
  }
  for (const auto& one : held) {
    const auto index = names.find_renamed(one.host);
    if (!index || (!inventory.hosts[*index].bip && !inventory.hosts[*index].networks)) continue;
    for (const auto& subnet : one.subnets) result.push_back({subnet, *index});
  }
  return result;
}

}  // namespace

void hold_subnets(Inventory& inventory, const std::vector<HadSubnets>& applied,
                  const std::vector<HadSubnets>& held, const std::vector<HadNetwork>& networks) {
  for (auto& host : inventory.hosts) host.held = std::nullopt;
  auto found = candidates(inventory, applied, held, networks);
  if (found.empty()) return;
  const auto owned = owned_now(inventory);
  std::erase_if(found, [&](const Owned& one) { return settled(one, owned); });
  for (const Owned& one : apart(std::move(found))) {
    auto& list = inventory.hosts[one.host].held;
    if (!list) list = std::vector<Prefix>();
    list->push_back(one.subnet);
  }
}

}  // namespace overland::desired
