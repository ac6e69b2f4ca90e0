#include "desired/graph.h"

#include <algorithm>

namespace overland::desired {

std::optional<std::size_t> home_segment(const inventory::Host& host) {
  const std::size_t first = host.addresses.front().segment;
  const bool only = std::all_of(host.addresses.begin(), host.addresses.end(),
                                [first](const auto& address) { return address.segment == first; });
  return only ? std::optional(first) : std::nullopt;
}

std::vector<std::string> host_lines(const inventory::Inventory& inventory,
                                    const inventory::Host& host) {
  std::vector<std::string> lines = {host.name};
  const auto add = [&](const model::Prefix& subnet, const std::string& what) {
    lines.push_back(subnet.to_string() + what);
  };
  if (host.bip) add(host.bip->prefix(), "");
  if (host.previous_bip && (!host.bip || host.previous_bip->prefix() != host.bip->prefix())) {
    add(host.previous_bip->prefix(), "");
  }
  if (host.held) {
    for (const model::Prefix& subnet : *host.held) add(subnet, " (held)");
  }
  if (!host.networks) return lines;
  for (const auto& part : *host.networks) {
    add(part.range.value_or(part.subnet), " " + inventory.networks[part.network].name);
  }
  return lines;
}

std::map<std::size_t, std::vector<std::string>> wires_of_containers(
    const inventory::Inventory& inventory, const inventory::Host& host) {
  std::map<std::size_t, std::vector<std::string>> wires;
  if (!host.networks) return wires;
  for (const auto& part : *host.networks) {
    const auto& network = inventory.networks[part.network];
    if (!network.segment || host.address_in(*network.segment) != nullptr) continue;
    wires[*network.segment].push_back(network.name);
  }
  return wires;
}

std::vector<std::string> segment_lines(const inventory::Segment& segment) {
  const std::string vlan = segment.vlan ? ", VLAN " + std::to_string(*segment.vlan) : "";
  return {segment.name, segment.subnet.to_string() + vlan};
}

Mark mark_of(const std::vector<Mark>& marks, std::size_t index) {
  return index < marks.size() ? marks[index] : Mark::kNone;
}

}  // namespace overland::desired
