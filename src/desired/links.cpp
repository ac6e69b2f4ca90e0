#include "desired/links.h"

#include <algorithm>
#include <cstdint>

#include "desired/derive.h"

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

/// The link we have to make for the address number `index`, where we have to.
std::optional<model::VlanLink> wanted(const inventory::Inventory& inventory,
                                      const inventory::Host& host, const model::HostFacts& facts,
                                      std::size_t index) {
  const auto& [address, segment_index] = host.addresses[index];
  const inventory::Segment& segment = inventory.segments[segment_index];
  if (!segment.vlan || host.parent.empty() || carrier_of(facts, address) != nullptr ||
      foreign_vlan(facts, host.parent, *segment.vlan) != nullptr) {
    return std::nullopt;
  }
  model::VlanLink link;
  link.name = host.parent + "." + std::to_string(*segment.vlan);
  link.parent = host.parent;
  link.vlan = *segment.vlan;
  link.address = {address, segment.subnet.length()};
  return link;
}

}  // namespace

std::vector<model::VlanLink> links(const inventory::Inventory& inventory,
                                   const inventory::Host& host, const model::HostFacts& facts) {
  std::vector<model::VlanLink> result;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (auto link = wanted(inventory, host, facts, i)) result.push_back(std::move(*link));
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

std::vector<std::string> underlay_links(const inventory::Inventory& inventory,
                                        const inventory::Host& host,
                                        const model::HostFacts& facts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (auto name = underlay_link(inventory, host, facts, i)) names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace overland::desired
