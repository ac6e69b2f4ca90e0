#pragma once
// An inventory while it is being checked: what was read, and beside it where each value stands. A
// value that could not be read is absent or default, and its fault is already in the report.

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <limits>
#include <vector>

#include "inventory/inventory.h"

namespace overland::inventory {

/// HostAddress::segment of an address that no segment holds.
inline constexpr std::size_t kNoSegment = std::numeric_limits<std::size_t>::max();

struct SegmentPlaces {
  Position name;
  Position subnet;
  Position vlan;
  bool complete = true;    // name and subnet were read
  bool vlan_known = true;  // whether it is a VLAN was read
};

struct HostPlaces {
  Position name;
  Position router;
  Position bip;
  Position previous_bip;
  Position parent;
  boost::container::small_vector<Position, 1> addresses;  // beside Host::addresses
  std::vector<Position> masquerade;                       // beside Host::masquerade
  bool complete = true;      // every address was read and lies in a segment
  bool router_known = true;  // whether it is a router was read
};

struct Draft {
  Inventory inventory;
  std::vector<SegmentPlaces> segments;  // beside Inventory::segments
  std::vector<HostPlaces> hosts;        // beside Inventory::hosts
  bool readable = false;                // the syntax was right
  bool hosts_read = false;              // [[host]] is there and not empty, if not faultless
  // What could not be read may be what something else in the file refers to or needs.
  bool all_hosts = true;          // every section that is or means [[host]] was read
  bool all_segment_names = true;  // every segment's name was read
  bool all_subnets = true;        // every segment's subnet was read
};

}  // namespace overland::inventory
