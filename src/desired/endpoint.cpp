// What somebody who asks for a path may name: an address, a host, a subnet.

#include <algorithm>

#include "base/error.h"
#include "desired/path_networks.h"
#include "inventory/report.h"
#include "inventory/suggest.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && inventory::edit_distance(a, b, 0) == 0;  // ASCII case ignored
}

std::string_view first_label(std::string_view name) { return name.substr(0, name.find('.')); }

/// In which of the host's networks an address is.
std::optional<std::size_t> network_with(const Host& host, const model::Address& address) {
  if (!host.networks) return std::nullopt;
  const auto found = std::ranges::find_if(*host.networks, [&](const auto& part) {
    return part.range.value_or(part.subnet).contains(address);
  });
  if (found == host.networks->end()) return std::nullopt;
  return static_cast<std::size_t>(found - host.networks->begin());
}

/// Docker gives the first address of a subnet to the bridge.
bool is_bridge(const inventory::Network& network, const inventory::HostNetwork& part,
               const model::Address& address) {
  return network.driver == model::NetworkDriver::kBridge &&
         address.ipv4() == part.subnet.network().ipv4() + 1;
}

Endpoint in_network(const Inventory& inventory, std::size_t index, std::size_t network,
                    const model::Address& address) {
  const auto& part = (*inventory.hosts[index].networks)[network];
  const auto& declared = inventory.networks[part.network];
  if (address == part.shim || is_bridge(declared, part, address)) {
    return {Endpoint::Kind::kHost, address, index, 0, network};
  }
  if (!part.range || part.routed) {
    return {Endpoint::Kind::kContainer, address, index, 0, network};
  }
  if (!declared.segment) {
    refuse(address.to_string() + " is of network " + declared.name + " on " +
           inventory.hosts[index].name + ", which is in no segment of the inventory: the way to " +
           "it is not overland's to plan");
  }
  return {Endpoint::Kind::kNeighbour, address, index, *declared.segment, network};
}

std::optional<Endpoint> at_address(const Inventory& inventory, const model::Address& address) {
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    for (const auto& own : inventory.hosts[i].addresses) {
      if (own.address == address) return Endpoint{Endpoint::Kind::kHost, address, i, 0};
    }
  }
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const Host& host = inventory.hosts[i];
    if (const auto network = network_with(host, address)) {
      return in_network(inventory, i, *network, address);
    }
    for (const auto& bip : {host.bip, host.previous_bip}) {
      if (!bip || !bip->prefix().contains(address)) continue;
      const bool bridge = bip->address == address;
      return Endpoint{bridge ? Endpoint::Kind::kHost : Endpoint::Kind::kContainer, address, i, 0};
    }
  }
  for (std::size_t i = 0; i < inventory.segments.size(); ++i) {
    if (inventory.segments[i].subnet.contains(address)) {
      return Endpoint{Endpoint::Kind::kNeighbour, address, 0, i};
    }
  }
  return std::nullopt;
}

const Host* holder(const Inventory& inventory, const model::Address& address) {
  const auto holds = [&](const model::Prefix& subnet) { return subnet.contains(address); };
  const auto found =
      std::find_if(inventory.hosts.begin(), inventory.hosts.end(), [&](const Host& host) {
        return host.held && std::any_of(host.held->begin(), host.held->end(), holds);
      });
  return found == inventory.hosts.end() ? nullptr : &*found;
}

std::size_t named(const Inventory& inventory, std::string_view name) {
  std::vector<std::size_t> by_label;
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const std::string& candidate = inventory.hosts[i].name;
    if (equal(candidate, name)) return i;
    if (equal(first_label(candidate), first_label(name)) &&
        (candidate.find('.') == std::string::npos) != (name.find('.') == std::string_view::npos)) {
      by_label.push_back(i);
    }
    known.emplace_back(candidate);
  }
  if (by_label.size() == 1) return by_label.front();
  if (by_label.size() > 1) {
    refuse(inventory::quote(name) + " could be " + inventory.hosts[by_label[0]].name + " or " +
           inventory.hosts[by_label[1]].name + "; write the whole name");
  }
  const std::string_view meant = inventory::nearest(name, known);
  refuse(inventory::quote(name) + " is neither an address nor a host of the inventory" +
         (meant.empty() ? "; it has " + std::to_string(known.size()) + " hosts"
                        : "; did you mean " + std::string(meant) + "?"));
}

/// The host's address that is the fewest routers away from `from`, the first of equals; its bip
/// where a tunnel leads there.
model::Address nearest_address(const Inventory& inventory, const Host& host, const Endpoint& from) {
  if (from.kind != Endpoint::Kind::kNeighbour && &inventory.hosts[from.host] == &host) {
    return host.addresses.front().address;
  }
  const bool tunnelled =
      from.kind != Endpoint::Kind::kNeighbour &&
      inventory::Tunnels(inventory).between(from.host, inventory::index_of(inventory, host));
  if (tunnelled) return host.bip->address;
  Host neighbour;  // stands in the segment, as far as distances go
  neighbour.addresses = {{from.address, from.segment}};
  const Host& sender =
      from.kind == Endpoint::Kind::kNeighbour ? neighbour : inventory.hosts[from.host];
  const auto reach = inventory::Topology(inventory).reach(sender);
  return std::min_element(host.addresses.begin(), host.addresses.end(),
                          [&](const auto& a, const auto& b) {
                            return reach.distance[a.segment] < reach.distance[b.segment];
                          })
      ->address;
}

std::string container(const Inventory& inventory, const Endpoint& endpoint) {
  std::string text = "container " + endpoint.address.to_string();
  if (endpoint.network) text += " of " + network_of(inventory, endpoint).name;
  return text + " on " + inventory.hosts[endpoint.host].name;
}

}  // namespace

Endpoint find_endpoint(const Inventory& inventory, std::string_view text,
                       const std::optional<Endpoint>& from) {
  if (const auto address = model::Address::parse(text)) {
    if (const auto found = at_address(inventory, *address)) return *found;
    if (const auto* host = holder(inventory, *address)) {
      refuse(address->to_string() + " lies in a bridge subnet that " + host->name +
             " had before its bip changed; it is held until --prune, and led as what goes to " +
             host->name + " itself");
    }
    refuse(address->to_string() +
           " lies in no bridge subnet and no segment of the inventory; overland plans paths inside "
           "the cluster only");
  }
  const std::size_t index = named(inventory, text);
  const Host& host = inventory.hosts[index];
  return {Endpoint::Kind::kHost,
          from ? nearest_address(inventory, host, *from) : host.addresses.front().address, index,
          0};
}

std::string show(const Inventory& inventory, const Endpoint& endpoint) {
  std::string address = endpoint.address.to_string();
  switch (endpoint.kind) {
    case Endpoint::Kind::kHost:
      return inventory.hosts[endpoint.host].name + " (" + address + ")";
    case Endpoint::Kind::kContainer:
      return container(inventory, endpoint);
    case Endpoint::Kind::kNeighbour:
      if (endpoint.network) return container(inventory, endpoint);
      return address + " in segment " + inventory.segments[endpoint.segment].name;
  }
  return address;
}

}  // namespace overland::desired
