#include "desired/docker.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "desired/container_networks.h"

namespace overland::desired {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// "0x200000/0x200000", as Docker's bridge-accept-fwmark takes it.
std::string mark_and_mask(std::uint32_t mark) {
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%x", mark);
  return std::string(hex) + "/" + hex;
}

/// Compact JSON with the keys in alphabetical order, as daemon.json's values are read.
std::string pools_json(const std::vector<inventory::AddressPool>& pools) {
  std::string text;
  for (const auto& pool : pools) {
    text += (text.empty() ? R"({"base":")" : R"(,{"base":")") + pool.base.to_string() +
            R"(","size":)" + std::to_string(pool.size) + "}";
  }
  return "[" + text + "]";
}

}  // namespace

bool nftables_next(const model::HostFacts& facts) {
  const std::string& configured = facts.docker.configured_backend;
  return configured.empty() ? facts.firewall.docker_nft_backend : configured == "nftables";
}

std::optional<model::DirectDrop> direct_drop(const inventory::Inventory& inventory,
                                             const inventory::Host& host,
                                             const model::HostFacts& facts,
                                             const model::FirewallPolicy& policy) {
  const auto mode = host.docker.daemon_json;
  // Where another tool owns the file, it stands there because the inventory demands it.
  const bool theirs = mode == model::DaemonJsonMode::kMerge && facts.docker.direct_routing;
  const bool asked = routes_containers(inventory, host) && mode != model::DaemonJsonMode::kOff;
  if (!asked || theirs || !facts.firewall.docker_nft_backend) return std::nullopt;
  model::DirectDrop drop;
  drop.links = {host.docker.bridge, std::string(model::kDockerLinks)};
  drop.networks = policy.local;
  const auto add = [&](const std::string& link) {
    if (!link.starts_with("br-")) drop.links.push_back(link);
  };
  for (const auto& link : policy.bridges) add(link);
  for (const auto& one : policy.closed) {
    add(one.link);
    drop.networks.insert(drop.networks.end(), one.subnets.begin(), one.subnets.end());
  }
  for (const auto& network : facts.docker.networks) {
    if (network.link.empty()) continue;
    add(network.link);
    for (const auto& from : network.open_from) drop.open.push_back({network.link, from});
    drop.networks.insert(drop.networks.end(), network.subnets.begin(), network.subnets.end());
  }
  const auto& pools = facts.docker.address_pools;
  drop.networks.insert(drop.networks.end(), pools.begin(), pools.end());
  if (host.docker.address_pools) {  // in force from Docker's next start on
    for (const auto& pool : *host.docker.address_pools) drop.networks.push_back(pool.base);
  }
  drop.networks = model::aggregate(std::move(drop.networks));
  std::sort(drop.links.begin(), drop.links.end());
  drop.links.erase(std::unique(drop.links.begin(), drop.links.end()), drop.links.end());
  std::sort(drop.open.begin(), drop.open.end());
  return drop;
}

std::optional<model::DockerSettings> docker(const inventory::Inventory& inventory,
                                            const inventory::Host& host,
                                            const model::HostFacts& facts) {
  const bool told = routes_containers(inventory, host) && nftables_next(facts);
  if (!host.bip && !told) return std::nullopt;
  model::DockerSettings settings;
  settings.mode = host.docker.daemon_json;
  if (settings.mode == model::DaemonJsonMode::kOff) return settings;
  if (host.bip) {
    settings.bridge = host.docker.bridge;
    settings.address = host.bip;
    settings.keys["bip"] = quoted(host.bip->to_string());
  }
  if (host.docker.address_pools) {
    settings.keys["default-address-pools"] = pools_json(*host.docker.address_pools);
  }
  if (told) {
    // No DOCKER-USER there: Docker itself lets our mark through its forward drop, and leaves out
    // its raw drop, when told so at its start. Every Docker with that backend knows both keys.
    settings.keys["bridge-accept-fwmark"] = quoted(mark_and_mask(host.firewall.mark));
    settings.keys["allow-direct-routing"] = "true";
  }
  return settings;
}

}  // namespace overland::desired
