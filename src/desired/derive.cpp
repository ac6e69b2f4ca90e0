#include "desired/derive.h"

#include "desired/docker.h"
#include "desired/firewall.h"
#include "desired/links.h"
#include "desired/routes.h"
#include "desired/sysctls.h"

namespace overland::desired {

model::HostState derive(const inventory::Inventory& inventory, const inventory::Host& host,
                        const model::HostFacts& facts) {
  model::HostState state;
  state.sysctls = sysctls(inventory, host, facts);
  state.links = links(inventory, host, facts);
  state.firewall = firewall(inventory, host, facts);
  state.routes = routes(inventory, host);
  state.docker = docker(host, facts);
  return state;
}

}  // namespace overland::desired
