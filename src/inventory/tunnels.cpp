#include "inventory/tunnels.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "inventory/topology.h"

namespace overland::inventory {
namespace {

template <typename Key>
bool disjoint(const Key& a, const Key& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return false;
    *i < *j ? ++i : ++j;
  }
  return true;
}

}  // namespace

Tunnels::Tunnels(const Inventory& inventory) : inventory_(inventory) {
  if (!inventory.tunnel) return;
  components_ = Topology(inventory).components();
  keys_.resize(inventory.hosts.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const Host& host = inventory.hosts[i];
    if (!host.has_bridge() || !host.tunnels) continue;
    Key& key = keys_[i];
    for (const HostAddress& address : host.addresses) {
      key.push_back(inventory.tunnel->always ? address.segment : components_[address.segment]);
    }
    std::sort(key.begin(), key.end());
    key.erase(std::unique(key.begin(), key.end()), key.end());
  }
}

bool Tunnels::between(std::size_t one, std::size_t other) const {
  return takes_part(one) && takes_part(other) && disjoint(keys_[one], keys_[other]);
}

bool Tunnels::leads_to(std::size_t host, std::size_t segment) const {
  if (!inventory_.tunnel) return true;
  const auto& addresses = inventory_.hosts[host].addresses;
  return std::any_of(addresses.begin(), addresses.end(), [&](const HostAddress& own) {
    return components_[own.segment] == components_[segment];
  });
}

bool Tunnels::apart(std::size_t one, std::size_t other) const {
  if (!takes_part(one) && !takes_part(other)) return false;
  if (between(one, other)) return true;
  const auto& addresses = inventory_.hosts[other].addresses;
  return std::none_of(addresses.begin(), addresses.end(),
                      [&](const HostAddress& address) { return leads_to(one, address.segment); });
}

std::vector<std::vector<std::size_t>> Tunnels::sites() const {
  std::map<Key, std::size_t> known;
  std::vector<std::vector<std::size_t>> result;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].empty()) continue;
    const auto [found, added] = known.emplace(keys_[i], result.size());
    if (added) result.emplace_back();
    result[found->second].push_back(i);
  }
  return result;
}

std::vector<Tunnels::SitePair> Tunnels::site_pairs(
    const std::vector<std::vector<std::size_t>>& sites, std::size_t most) const {
  std::vector<SitePair> result;
  for (std::size_t one = 0; one < sites.size(); ++one) {
    for (std::size_t other = one + 1; other < sites.size(); ++other) {
      if (!between(sites[one].front(), sites[other].front())) continue;
      result.push_back({one, other});
      if (result.size() > most) return result;
    }
  }
  return result;
}

std::uint64_t Tunnels::pairs() const {
  const auto all = sites();
  std::unordered_map<std::size_t, std::vector<std::size_t>> with;  // sites by part of their keys
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::size_t part : keys_[all[i].front()]) with[part].push_back(i);
  }
  std::uint64_t hosts = 0;
  std::uint64_t plain = 0;
  std::vector<std::size_t> counted_for(all.size(), std::numeric_limits<std::size_t>::max());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint64_t here = all[i].size();
    hosts += here;
    plain += here * (here - 1) / 2;
    for (const std::size_t part : keys_[all[i].front()]) {
      for (const std::size_t other : with[part]) {
        if (other <= i || counted_for[other] == i) continue;
        counted_for[other] = i;
        plain += here * all[other].size();
      }
    }
  }
  return hosts == 0 ? 0 : hosts * (hosts - 1) / 2 - plain;
}

}  // namespace overland::inventory
