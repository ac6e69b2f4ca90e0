#include "desired/links.h"

#include <algorithm>
#include <cstdint>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "desired/tunnel.h"

namespace overland::desired {
namespace {

bool has_address(const model::LinkFacts& link, const model::Address& address) {
  return std::any_of(link.addresses.begin(), link.addresses.end(),
                     [&](const auto& mine) { return mine.address == address; });
}

const model::LinkFacts* carrier_of(const model::HostFacts& facts, const model::Address& address) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return !link.ours && has_address(link, address);
  });
  return found == facts.links.end() ? nullptr : &*found;
}

/// A VLAN link somebody else made with this id on this parent, whatever its name.
const model::LinkFacts* foreign_vlan(const model::HostFacts& facts, const std::string& parent,
                                     std::uint16_t id) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return !link.ours && link.vlan == id && link.parent == parent;
  });
  return found == facts.links.end() ? nullptr : &*found;
}

model::Link vlan_link(const inventory::Host& host, std::uint16_t id,
                      const model::InterfaceAddress& address) {
  return {host.parent + "." + std::to_string(id), host.parent, id, address};
}

/// The link we have to make for the address number `index`, where we have to.
std::optional<model::Link> wanted(const inventory::Inventory& inventory,
                                  const inventory::Host& host, const model::HostFacts& facts,
                                  std::size_t index) {
  const auto& [address, segment_index] = host.addresses[index];
  const inventory::Segment& segment = inventory.segments[segment_index];
  if (!segment.vlan || host.parent.empty() || carrier_of(facts, address) != nullptr ||
      foreign_vlan(facts, host.parent, *segment.vlan) != nullptr) {
    return std::nullopt;
  }
  return vlan_link(host, *segment.vlan, {address, segment.subnet.length()});
}

/// Those of segments that the host itself has no address in.
void add_unaddressed(const inventory::Inventory& inventory, const inventory::Host& host,
                     const model::HostFacts& facts, std::vector<model::Link>& links) {
  if (!host.networks || host.parent.empty()) return;
  for (const auto& part : *host.networks) {
    const auto& of = inventory.networks[part.network].segment;
    if (!of || host.address_in(*of) != nullptr) continue;
    const auto& vlan = inventory.segments[*of].vlan;
    if (!vlan || foreign_vlan(facts, host.parent, *vlan) != nullptr) continue;
    auto link = vlan_link(host, *vlan, model::kNoAddress);
    if (std::find(links.begin(), links.end(), link) == links.end()) {
      links.push_back(std::move(link));
    }
  }
}

/// An address of its own makes a link one into the segment; a single address (a /32, of a
/// keepalived or on lo) says nothing of the network around it.
bool leads_into(const model::LinkFacts& link, const model::Prefix& subnet) {
  return std::any_of(link.addresses.begin(), link.addresses.end(), [&](const auto& mine) {
    return mine.length < 32 && subnet.contains(mine.address);
  });
}

}  // namespace

std::vector<model::Link> links(const inventory::Inventory& inventory, const inventory::Host& host,
                               const model::HostFacts& facts) {
  std::vector<model::Link> result;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (auto link = wanted(inventory, host, facts, i)) result.push_back(std::move(*link));
  }
  add_unaddressed(inventory, host, facts, result);
  for (auto& shim : shims(inventory, host, facts)) result.push_back(std::move(shim.link));
  if (auto end = tunnel_end(inventory, host, facts); end.link) {
    result.push_back(*std::move(end.link));
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::optional<std::string> underlay_link(const inventory::Inventory& inventory,
                                         const inventory::Host& host, const model::HostFacts& facts,
                                         std::size_t index) {
  const auto& [address, segment_index] = host.addresses[index];
  if (const auto* link = carrier_of(facts, address)) return link->name;
  if (const auto link = wanted(inventory, host, facts, index)) return link->name;
  const auto& segment = inventory.segments[segment_index];
  if (segment.vlan && !host.parent.empty()) {
    if (const auto* link = foreign_vlan(facts, host.parent, *segment.vlan)) return link->name;
  }
  return std::nullopt;
}

std::optional<std::string> segment_link(const inventory::Inventory& inventory,
                                        const inventory::Host& host, const model::HostFacts& facts,
                                        std::size_t segment) {
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (host.addresses[i].segment == segment) return underlay_link(inventory, host, facts, i);
  }
  const auto& vlan = inventory.segments[segment].vlan;
  if (!vlan || host.parent.empty()) return std::nullopt;
  if (const auto* link = foreign_vlan(facts, host.parent, *vlan)) return link->name;
  return vlan_link(host, *vlan, model::kNoAddress).name;
}

std::vector<std::string> links_into(const inventory::Inventory& inventory,
                                    const inventory::Host& host, const model::HostFacts& facts,
                                    std::size_t index) {
  std::vector<std::string> names;
  if (auto name = underlay_link(inventory, host, facts, index)) names.push_back(std::move(*name));
  const auto& subnet = inventory.segments[host.addresses[index].segment].subnet;
  for (const auto& link : facts.links) {
    // A bridge that happens to hold such an address may be full of containers.
    if (link.ours || (link.bridge && !link.wired) || link.name == host.docker.bridge) continue;
    if (!leads_into(link, subnet)) continue;
    if (std::find(names.begin(), names.end(), link.name) == names.end()) names.push_back(link.name);
  }
  return names;
}

std::vector<std::string> underlay_links(const inventory::Inventory& inventory,
                                        const inventory::Host& host,
                                        const model::HostFacts& facts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    for (auto& name : links_into(inventory, host, facts, i)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace overland::desired
