#include "desired/forwarding.h"

#include <algorithm>

#include "desired/container_networks.h"
#include "desired/derive.h"

namespace overland::desired {

std::vector<std::string> shut_links(const inventory::Inventory& inventory,
                                    const inventory::Host& host, const model::HostFacts& facts) {
  if (!host.router && !routes_containers(inventory, host)) return {};
  std::vector<std::string> names;
  for (const auto& link : facts.links) {
    if (!link.forwards) names.push_back(link.name);
  }
  if (names.empty()) return names;
  auto concerned = underlay_links(inventory, host, facts);
  if (host.bip) concerned.push_back(host.docker.bridge);
  for (const auto& one : routed_networks(inventory, host, facts)) concerned.push_back(one.link);
  std::erase_if(names, [&](const std::string& name) {
    const auto link = std::ranges::find(facts.links, name, &model::LinkFacts::name);
    return !link->ours && std::ranges::find(concerned, name) == concerned.end();
  });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace overland::desired
