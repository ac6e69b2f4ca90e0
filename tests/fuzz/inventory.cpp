// Any text as an inventory: diagnostics or an inventory, never a crash; and what is accepted can be
// carried out: every host gets a desired state.

#include "inventory/inventory.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "desired/derive.h"
#include "desired/graph.h"
#include "inventory/report.h"

using namespace overland;

namespace {

/// Of each network a host's part lies where Docker and the host itself can have it.
void check(const inventory::Inventory& inventory, const inventory::Host& host) {
  if (!host.networks) return;
  for (const auto& part : *host.networks) {
    const auto& network = inventory.networks.at(part.network);
    const model::Prefix own = part.range.value_or(part.subnet);
    if (!part.subnet.contains(own)) std::abort();
    if (part.shim && !own.contains(*part.shim)) std::abort();
    if (network.shim != part.shim.has_value()) std::abort();
    if (part.gateway && !part.subnet.contains(*part.gateway)) std::abort();
    for (const auto& address : host.addresses) {
      // But the gateway's.
      if (own.contains(address.address) && part.gateway != address.address) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = inventory::parse(text);
  inventory::render(loaded.diagnostics, "fuzz.toml");
  if (!loaded.inventory) {
    if (loaded.diagnostics.empty()) std::abort();  // refused without a word
    return 0;
  }
  const auto& hosts = loaded.inventory->hosts;
  for (std::size_t i = 0; i < std::min<std::size_t>(hosts.size(), 4); ++i) {
    check(*loaded.inventory, hosts[i]);
    desired::host_lines(*loaded.inventory, hosts[i]);
    const auto state = desired::derive(*loaded.inventory, hosts[i], model::HostFacts{});
    for (const auto& route : state.routes) {
      // A pool may hold a segment, whose own route is the longer one.
      if (route.kind == model::RouteKind::kUnreachable) continue;
      // No accepted inventory leads a host's own addresses elsewhere.
      for (const auto& own : hosts[i].addresses) {
        if (route.destination.contains(own.address)) std::abort();
      }
    }
  }
  return 0;
}
