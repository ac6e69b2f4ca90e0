#pragma once
// An inventory while it is being checked: what was read, and beside it where each value stands. A
// value that could not be read is absent or default, and its fault is already in the report.

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inventory/inventory.h"
#include "inventory/sources.h"

namespace overland::inventory {

/// HostAddress::segment of an address that no segment holds.
inline constexpr std::size_t kNoSegment = std::numeric_limits<std::size_t>::max();

struct SegmentPlaces {
  Position name;
  Position subnet;
  Position vlan;
  Position trust;
  bool complete = true;    // name and subnet were read
  bool vlan_known = true;  // whether it is a VLAN was read
};

struct HostPlaces {
  Position name;
  Position slot;
  Position router;
  Position bip;  // also where it is "auto"
  Position previous_bip;
  Position parent;
  Position tunnel_address;
  boost::container::small_vector<Position, 1> addresses;  // beside Host::addresses
  std::vector<Position> masquerade;                       // beside Host::masquerade
  bool complete = true;      // every address was read and lies in a segment
  bool router_known = true;  // whether it is a router was read
  bool slot_known = true;    // whether it has a slot was read
};

/// Of [tunnel].
struct TunnelPlaces {
  /// What `only` or `exclude` has: a host's or a segment's name.
  struct Name {
    std::string text;
    Position at;
  };

  Position section;
  Position vni;
  std::vector<Name> names;
  bool only = false;     // `names` are those that take part; else those that do not
  bool complete = true;  // who takes part was read
};

/// What `subnets`, `ranges`, `hosts` or `shim` of a [[network]] says of one host.
struct HostPart {
  std::string host;
  Position at;
  std::optional<model::Prefix> prefix = {};    // of subnets and ranges
  std::optional<model::Address> address = {};  // of shim
};

struct NetworkPlaces {
  Position name;
  Position link;
  Position parent;
  Position subnet_at;
  Position base;
  Position gateway;
  Position shim;
  Position internal;
  Position mode;
  std::optional<model::Prefix> subnet;  // of macvlan; the segment's where the file has no other
  std::optional<model::Prefix> base_prefix;    // pool or range
  std::uint8_t length = 0;                     // of its pieces
  std::optional<std::vector<HostPart>> parts;  // subnets, ranges or hosts; nullopt: none of them
  std::vector<HostPart> shims;
  std::optional<model::Address> gateway_address;
  std::vector<std::pair<model::Address, Position>> reserve;
  std::vector<Position> join;  // beside Network::join
  bool link_said = false;
  bool complete = true;  // all was read that its parts on the hosts follow from
};

/// A host's own subnet or range of a network.
struct NetworkPiece {
  model::Prefix prefix;
  Position at;
  std::size_t network = 0;
  std::size_t host = 0;
  std::size_t part = 0;             // index into the host's networks
  std::optional<Position> shim_at;  // where the file says its shim's address
};

struct Draft {
  Inventory inventory;
  Places places;  // of all positions here
  TunnelPlaces tunnel;
  std::vector<SegmentPlaces> segments;                  // beside Inventory::segments
  std::vector<HostPlaces> hosts;                        // beside Inventory::hosts
  std::vector<NetworkPlaces> networks;                  // beside Inventory::networks
  std::vector<NetworkPiece> pieces;                     // of all hosts, by network
  base::Boxed<std::vector<AddressPool>> default_pools;  // of [docker]
  bool readable = false;                                // the syntax was right
  bool hosts_read = false;  // [[host]] is there and not empty, if not faultless
  // What could not be read may be what something else in the file refers to or needs.
  bool all_hosts = true;          // every section that is or means [[host]] was read
  bool all_segment_names = true;  // every segment's name was read
  bool all_subnets = true;        // every segment's subnet was read
  bool pool_said = false;         // [cluster] has a pool, readable or not
};

}  // namespace overland::inventory
