#include "desired/derive.h"

#include <algorithm>
#include <cstddef>

#include "desired/docker.h"
#include "desired/firewall.h"
#include "desired/held_networks.h"
#include "desired/links.h"
#include "desired/networks.h"
#include "desired/routes.h"
#include "desired/sysctls.h"
#include "desired/tunnel.h"

namespace overland::desired {
namespace {

/// What serves containers, Docker's own networks apart.
model::HostState serving(const inventory::Inventory& inventory, const inventory::Host& host,
                         const model::HostFacts& facts) {
  model::HostState state;
  state.sysctls = sysctls(inventory, host, facts);
  state.links = links(inventory, host, facts);
  state.firewall = firewall(inventory, host, facts);
  state.routes = routes(inventory, host);
  for (const auto& more : {shim_routes(inventory, host, facts), fallback_routes(inventory)}) {
    state.routes.insert(state.routes.end(), more.begin(), more.end());
    std::inplace_merge(state.routes.begin(),
                       state.routes.end() - static_cast<std::ptrdiff_t>(more.size()),
                       state.routes.end());
  }
  const bool tunnel =
      std::ranges::find(state.links, model::kTunnelLink, &model::Link::name) != state.links.end();
  if (tunnel) {
    state.neighbours = neighbours(inventory, host);
  } else {  // nor is there a place for its routes
    std::erase_if(state.routes, [](const auto& route) {
      return route.link && *route.link == model::kTunnelLink;
    });
  }
  state.docker = docker(inventory, host, facts);
  return state;
}

}  // namespace

model::HostState derive(const inventory::Inventory& inventory, const inventory::Host& host,
                        const model::HostFacts& facts) {
  const auto held = as_held(inventory, host, facts);
  const auto at = static_cast<std::size_t>(held ? &host - inventory.hosts.data() : 0);
  auto state = held ? serving(*held, held->hosts[at], facts) : serving(inventory, host, facts);
  state.networks = networks(inventory, host, facts);
  return state;
}

}  // namespace overland::desired
