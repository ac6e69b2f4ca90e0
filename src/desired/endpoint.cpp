// What somebody who asks for a path may name: an address, a host, a subnet.

#include <algorithm>

#include "base/error.h"
#include "desired/path.h"
#include "inventory/report.h"
#include "inventory/suggest.h"
#include "inventory/topology.h"

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

std::optional<Endpoint> at_address(const Inventory& inventory, const model::Address& address) {
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const Host& host = inventory.hosts[i];
    for (const auto& own : host.addresses) {
      if (own.address == address) return Endpoint{Endpoint::Kind::kHost, address, i, 0};
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

/// The host's address that is the fewest routers away from `from`; the first of equals.
model::Address nearest_address(const Inventory& inventory, const Host& host, const Endpoint& from) {
  if (from.kind != Endpoint::Kind::kNeighbour && &inventory.hosts[from.host] == &host) {
    return host.addresses.front().address;
  }
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

}  // namespace

Endpoint find_endpoint(const Inventory& inventory, std::string_view text,
                       const std::optional<Endpoint>& from) {
  if (const auto address = model::Address::parse(text)) {
    if (const auto found = at_address(inventory, *address)) return *found;
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
  const std::string address = endpoint.address.to_string();
  switch (endpoint.kind) {
    case Endpoint::Kind::kHost:
      return inventory.hosts[endpoint.host].name + " (" + address + ")";
    case Endpoint::Kind::kContainer:
      return "container " + address + " on " + inventory.hosts[endpoint.host].name;
    case Endpoint::Kind::kNeighbour:
      return address + " in segment " + inventory.segments[endpoint.segment].name;
  }
  return address;
}

}  // namespace overland::desired
