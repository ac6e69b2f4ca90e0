// Underlay addresses: used twice, in no segment, or not a host's.

#include <algorithm>

#include "inventory/prefix_index.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

constexpr int kLongestWithEdges = 30;  // a /31 has no network or broadcast address (RFC 3021)

struct Owner {
  model::Address address;
  std::size_t host;
  std::size_t index;

  auto operator<=>(const Owner&) const = default;
};

void check_duplicates(const Draft& draft, Report& report) {
  std::vector<Owner> owners;
  for (std::size_t host = 0; host < draft.inventory.hosts.size(); ++host) {
    const auto& addresses = draft.inventory.hosts[host].addresses;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      owners.push_back({addresses[i].address, host, i});
    }
  }
  std::sort(owners.begin(), owners.end());
  for (std::size_t i = 1; i < owners.size(); ++i) {
    const Owner& one = owners[i - 1];
    const Owner& two = owners[i];
    if (one.address != two.address) continue;
    const Position other = draft.hosts[one.host].addresses[one.index];
    report.add(Code::kDuplicateAddress, draft.hosts[two.host].addresses[two.index],
               "address " + two.address.to_string() + " belongs to " + label(draft, one.host) +
                   " already" + in_line(draft, other),
               "give every address to one host, once");
  }
}

void check_edge(const Draft& draft, const HostAddress& address, Position at, Report& report) {
  const model::Prefix& subnet = draft.inventory.segments[address.segment].subnet;
  if (subnet.length() > kLongestWithEdges) return;
  const bool network = address.address == subnet.network();
  if (!network && address.address != subnet.last()) return;
  report.add(Code::kAddressIsEdge, at,
             "address " + address.address.to_string() + " is the " +
                 (network ? "network" : "broadcast") + " address of " +
                 segment_label(draft, address.segment) + ", " + subnet.to_string(),
             "write the address the host has");
}

PrefixIndex segment_index(const Draft& draft) {
  std::vector<std::pair<model::Prefix, std::size_t>> entries;
  for (std::size_t i = 0; i < draft.segments.size(); ++i) {
    const model::Prefix& subnet = draft.inventory.segments[i].subnet;
    if (subnet.length() > 0) entries.emplace_back(subnet, i);  // 0: could not be read
  }
  return PrefixIndex(std::move(entries));
}

PrefixIndex bridge_index(const Draft& draft) {
  std::vector<std::pair<model::Prefix, std::size_t>> entries;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    for (const model::Prefix& subnet : draft.inventory.hosts[i].bridge_subnets()) {
      entries.emplace_back(subnet, i);
    }
  }
  return PrefixIndex(std::move(entries));
}

}  // namespace

void find_segments(Draft& draft) {
  const PrefixIndex segments = segment_index(draft);
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    for (HostAddress& address : draft.inventory.hosts[i].addresses) {
      address.segment = segments.find(address.address).value_or(kNoSegment);
      if (address.segment == kNoSegment) draft.hosts[i].complete = false;
    }
  }
}

void check_addresses(const Draft& draft, Report& report) {
  const PrefixIndex bridges = bridge_index(draft);
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const auto& addresses = draft.inventory.hosts[i].addresses;
    const HostPlaces& places = draft.hosts[i];
    for (std::size_t j = 0; j < addresses.size(); ++j) {
      const model::Address address = addresses[j].address;
      if (addresses[j].segment != kNoSegment) {
        // A bridge subnet that holds it too overlaps the segment, which is told for them.
        check_edge(draft, addresses[j], places.addresses[j], report);
        continue;
      }
      if (const auto owner = bridges.find(address)) {
        report.add(Code::kAddressInBridgeSubnet, places.addresses[j],
                   "address " + address.to_string() + " lies in the bridge subnet of " +
                       label(draft, *owner) + "; a next hop cannot be a container's address",
                   "write the host's underlay address, or move that subnet elsewhere");
      } else if (draft.all_subnets) {  // else it may lie in one that could not be read
        report.add(Code::kAddressInNoSegment, places.addresses[j],
                   "address " + address.to_string() + " lies in no segment",
                   "add a [[segment]] whose subnet holds it, or correct the address");
      }
    }
  }
  check_duplicates(draft, report);
}

}  // namespace overland::inventory
