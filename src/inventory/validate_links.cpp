// VLAN links: their ids, names and parents.

#include <algorithm>
#include <cstdint>
#include <map>

#include "inventory/validate.h"
#include "inventory/values.h"

namespace overland::inventory {
namespace {

void check_vlan_ids(const Draft& draft, Report& report) {
  std::map<std::uint16_t, std::size_t> first;
  for (std::size_t i = 0; i < draft.segments.size(); ++i) {
    const auto& vlan = draft.inventory.segments[i].vlan;
    if (!vlan) continue;
    const auto [known, added] = first.emplace(*vlan, i);
    if (added) continue;
    report.add(Code::kSameVlanId, draft.segments[i].vlan,
               segment_label(draft, i) + " and " + segment_label(draft, known->second) +
                   " have the same VLAN id " + std::to_string(*vlan),
               "right only where they are separate wires; else give each its own id");
  }
}

/// Those it has an address in, and those only its containers are in.
std::vector<std::size_t> segments_of(const Draft& draft, const Host& host) {
  std::vector<std::size_t> result;
  for (const HostAddress& address : host.addresses) {
    if (address.segment != kNoSegment) result.push_back(address.segment);
  }
  if (!host.networks) return result;
  for (const HostNetwork& network : *host.networks) {
    const auto& segment = draft.inventory.networks[network.network].segment;
    if (segment) result.push_back(*segment);
  }
  return result;
}

void check_vlan_links(const Draft& draft, std::size_t index, Report& report) {
  const Host& host = draft.inventory.hosts[index];
  const HostPlaces& places = draft.hosts[index];
  std::map<std::uint16_t, std::size_t> segments;
  bool known = places.complete;
  for (const std::size_t segment : segments_of(draft, host)) {
    known = known && draft.segments[segment].vlan_known;
    const auto& vlan = draft.inventory.segments[segment].vlan;
    if (!vlan) continue;
    const auto [first, added] = segments.emplace(*vlan, segment);
    if (!added && first->second == segment) continue;
    const std::string name = host.parent + "." + std::to_string(*vlan);
    if (!added) {
      report.add(Code::kVlanLinkClash, places.parent,
                 segment_label(draft, segment) + " and " + segment_label(draft, first->second) +
                     " would both be " + name + " on " + label(draft, index),
                 "give the segments different VLAN ids");
    } else if (name.size() > kLongestInterface) {
      report.add(Code::kVlanLinkNameLength, places.parent,
                 "the VLAN link " + name + " would have " + std::to_string(name.size()) +
                     " characters; the kernel allows 15",
                 "rename the parent to at most " +
                     std::to_string(kLongestInterface - 1 - std::to_string(*vlan).size()) +
                     " characters");
    }
    if (host.docker.bridge == name && host.has_bridge()) {
      report.add(Code::kBridgeIsUnderlay, places.parent,
                 "the bridge " + host.docker.bridge + " of " + label(draft, index) +
                     " has the name of a VLAN link",
                 "give the bridge another name");
    }
  }
  if (segments.empty() && known) {
    report.add(Code::kParentUnused, places.parent,
               "parent has no effect: " + label(draft, index) + " has no address in a VLAN segment",
               "set vlan on the segment, or remove parent");
  }
}

}  // namespace

void check_links(const Draft& draft, Report& report) {
  check_vlan_ids(draft, report);
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    if (host.parent.empty()) continue;
    check_vlan_links(draft, i, report);
    if (host.docker.bridge != host.parent || !host.has_bridge()) continue;
    report.add(Code::kBridgeIsUnderlay, draft.hosts[i].parent,
               "parent and bridge of " + label(draft, i) + " are the same link, " + host.parent,
               "parent is the wire's link, bridge is Docker's");
  }
}

}  // namespace overland::inventory
