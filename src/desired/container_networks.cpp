#include "desired/container_networks.h"

#include <algorithm>

#include "desired/derive.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::HostNetwork;
using inventory::Inventory;
using inventory::Network;
using model::Prefix;

const std::vector<HostNetwork>& parts_of(const Host& host) {
  static const std::vector<HostNetwork> kNone;
  return host.networks ? *host.networks : kNone;
}

/// As Docker says, else the bridge that has an address of just that network.
std::string followed_link(const model::HostFacts& facts, const Network& network,
                          const Prefix& subnet) {
  for (const auto& one : facts.docker.networks) {
    if (one.name == network.name && !one.link.empty()) return one.link;
  }
  for (const auto& link : facts.links) {
    const bool holds = std::any_of(link.addresses.begin(), link.addresses.end(),
                                   [&](const auto& one) { return one.prefix() == subnet; });
    if (link.bridge && holds) return link.name;
  }
  return "";
}

std::vector<Prefix> subnets_where(const Inventory& inventory, const Host& host, bool closed) {
  std::vector<Prefix> result;
  for (const HostNetwork& part : parts_of(host)) {
    const Network& network = inventory.networks[part.network];
    if (!part.routed || network.internal || is_closed(network) != closed) continue;
    result.push_back(*part.routed);
  }
  return result;
}

}  // namespace

bool somebody_elses(const model::HostFacts& facts, model::NetworkMaker maker,
                    model::NetworkDriver driver, const std::string& link) {
  if (maker != model::NetworkMaker::kOverland) return false;
  const auto there = std::ranges::find(facts.links, link, &model::LinkFacts::name);
  if (there == facts.links.end() || there->ours) return false;
  if (driver != model::NetworkDriver::kBridge) return true;
  // Docker's bridges bear no mark, and have no port but containers' and virtual machines'.
  return !there->bridge || there->wired;
}

bool is_closed(const Network& network) {
  return network.reach == inventory::NetworkReach::kNetwork;
}

std::vector<RoutedNetwork> routed_networks(const Inventory& inventory, const Host& host,
                                           const model::HostFacts& facts) {
  std::vector<RoutedNetwork> result;
  for (const HostNetwork& part : parts_of(host)) {
    const Network& network = inventory.networks[part.network];
    if (!part.routed || network.internal) continue;
    const bool bridge = network.driver == model::NetworkDriver::kBridge;
    std::string link = bridge ? network.link : network.shim_link;
    if (bridge && link.empty()) link = followed_link(facts, network, part.subnet);
    if (somebody_elses(facts, network.maker, network.driver, link)) continue;
    if (!link.empty()) result.push_back({part.network, std::move(link), *part.routed});
  }
  return result;
}

bool routes_containers(const Inventory& inventory, const Host& host) {
  if (host.bip) return true;
  const auto& parts = parts_of(host);
  return std::any_of(parts.begin(), parts.end(), [&](const HostNetwork& part) {
    return part.routed && !inventory.networks[part.network].internal;
  });
}

std::vector<Prefix> open_subnets(const Inventory& inventory, const Host& host) {
  std::vector<Prefix> result = host.bridge_subnets();
  std::vector<Prefix> others;  // of networks that are closed, or internal
  for (const HostNetwork& part : parts_of(host)) {
    const Network& network = inventory.networks[part.network];
    if (part.routed && (network.internal || is_closed(network))) others.push_back(*part.routed);
  }
  if (others.empty()) return result;
  auto open = subnets_where(inventory, host, false);
  std::ranges::sort(others);
  std::ranges::sort(open);
  std::erase_if(result, [&](const Prefix& subnet) {
    return std::ranges::binary_search(others, subnet) && !std::ranges::binary_search(open, subnet);
  });
  return result;
}

std::vector<Prefix> closed_subnets(const Inventory& inventory, const Host& host) {
  return subnets_where(inventory, host, true);
}

std::vector<Prefix> namesakes(const Inventory& inventory, const Host& host, std::size_t network) {
  std::vector<Prefix> result;
  for (const Host& peer : inventory.hosts) {
    if (&peer == &host) continue;
    for (const HostNetwork& part : parts_of(peer)) {
      if (part.network == network && part.routed) result.push_back(*part.routed);
    }
  }
  return model::aggregate(std::move(result));
}

std::vector<ContainerRange> container_ranges(const Inventory& inventory, const Host& host) {
  std::vector<ContainerRange> result;
  for (const HostNetwork& part : parts_of(host)) {
    const Network& network = inventory.networks[part.network];
    if (part.routed || !part.range || !network.segment || network.internal) continue;
    result.push_back({*part.range, *network.segment});
  }
  return result;
}

std::optional<std::string> parent_of(const Inventory& inventory, const Host& host,
                                     const model::HostFacts& facts, const Network& network) {
  if (!network.segment) {
    if (facts.has_link(network.parent)) return network.parent;
    return std::nullopt;
  }
  return segment_link(inventory, host, facts, *network.segment);
}

std::vector<Shim> shims(const Inventory& inventory, const Host& host,
                        const model::HostFacts& facts) {
  std::vector<Shim> result;
  for (const HostNetwork& part : parts_of(host)) {
    const Network& network = inventory.networks[part.network];
    if (!part.shim) continue;
    const auto parent = parent_of(inventory, host, facts, network);
    if (!parent || network.shim_link.empty()) continue;
    model::Link link = {network.shim_link, *parent, 0, {*part.shim, 32}};
    link.ipvlan = network.mode;
    result.push_back({&part, std::move(link)});
  }
  return result;
}

}  // namespace overland::desired
