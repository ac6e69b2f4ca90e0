#include "desired/graph.h"

#include <algorithm>

namespace overland::desired {

std::optional<std::size_t> home_segment(const inventory::Host& host) {
  const std::size_t first = host.addresses.front().segment;
  const bool only = std::all_of(host.addresses.begin(), host.addresses.end(),
                                [first](const auto& address) { return address.segment == first; });
  return only ? std::optional(first) : std::nullopt;
}

std::vector<std::string> host_lines(const inventory::Host& host) {
  std::vector<std::string> lines = {host.name};
  for (const auto& subnet : host.bridge_subnets()) lines.push_back(subnet.to_string());
  return lines;
}

std::vector<std::string> segment_lines(const inventory::Segment& segment) {
  const std::string vlan = segment.vlan ? ", VLAN " + std::to_string(*segment.vlan) : "";
  return {segment.name, segment.subnet.to_string() + vlan};
}

Mark mark_of(const std::vector<Mark>& marks, std::size_t index) {
  return index < marks.size() ? marks[index] : Mark::kNone;
}

}  // namespace overland::desired
