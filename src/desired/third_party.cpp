#include "desired/third_party.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "desired/routes.h"
#include "inventory/report.h"
#include "inventory/suggest.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;

/// What routes() says, and whose it is.
ThirdParty named(const Inventory& inventory, const Host& from) {
  std::map<model::Prefix, const Host*> owners;
  for (const Host& host : inventory.hosts) {
    if (&host == &from) continue;
    for (const auto& subnet : host.bridge_subnets()) owners.emplace(subnet, &host);
  }
  ThirdParty result;
  for (const model::Route& route : routes(inventory, from)) {
    const auto owner = owners.find(route.destination);
    result.routes.push_back({route.destination, owner == owners.end() ? "" : owner->second->name,
                             route.gateways, route.link ? *route.link : ""});
    if (owner != owners.end()) owners.erase(owner);
  }
  for (const Host& host : inventory.hosts) {
    const auto subnets = host.bridge_subnets();
    if (!subnets.empty() && owners.count(subnets.front()) != 0) {
      result.unreached.push_back(host.name);
    }
  }
  return result;
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

std::size_t segment_of(const Inventory& inventory, const model::Address& address) {
  for (const Host& host : inventory.hosts) {
    for (const auto& own : host.addresses) {
      if (own.address == address) {
        refuse(address.to_string() + " is host " + host.name + ": give --for " + host.name);
      }
    }
  }
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    if (inventory.segments[i].subnet.contains(address)) return i;
  }
  refuse(address.to_string() +
         " lies in no segment: a gateway needs a leg in one; --for-any suits one that reaches all "
         "hosts by itself");
}

}  // namespace

ThirdParty routes_for_host(const Inventory& inventory, const Host& host) {
  return named(inventory, host);
}

ThirdParty routes_for_gateway(const Inventory& inventory,
                              const std::vector<std::size_t>& segments) {
  Inventory with = inventory;
  Host gateway;
  for (const std::size_t segment : segments) gateway.addresses.push_back({{}, segment});
  with.hosts.push_back(std::move(gateway));
  ThirdParty result = named(with, with.hosts.back());
  std::erase_if(result.routes, [](const ThirdPartyRoute& route) { return route.host.empty(); });
  return result;
}

ThirdParty routes_for_any(const Inventory& inventory) {
  ThirdParty result;
  for (const Host& host : inventory.hosts) {
    for (const auto& subnet : host.bridge_subnets()) {
      result.routes.push_back({subnet, host.name, {host.addresses.front().address}});
    }
  }
  std::sort(result.routes.begin(), result.routes.end());
  return result;
}

std::size_t find_segment(const Inventory& inventory, std::string_view text) {
  if (const auto address = model::Address::parse(text)) return segment_of(inventory, *address);
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    if (inventory.segments[i].name == text) return i;
    names.emplace_back(inventory.segments[i].name);
  }
  const std::string_view meant = inventory::nearest(text, names);
  refuse(inventory::quote(text) + " is neither an address nor a segment" +
         (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
}

}  // namespace overland::desired
