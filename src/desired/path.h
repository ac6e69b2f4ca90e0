#pragma once
// The way a packet takes when every host has the state the inventory wants: hop by hop with the
// very routes derive() makes, and why each was chosen. Pure; the kernels are not asked.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

/// Where a path begins or ends.
struct Endpoint {
  enum class Kind {
    kHost,       // an underlay address of `host`, or the address of one of its bridges or shims
    kContainer,  // another address of a subnet or range that leads to `host`
    kNeighbour,  // another address of `segment`: a macvlan container that answers there for itself,
                 // a machine not in the inventory
  };
  Kind kind = Kind::kHost;
  model::Address address;
  std::size_t host = 0;     // index; for kNeighbour only with `network`
  std::size_t segment = 0;  // index; of a kNeighbour only
  /// Index into the networks of `host`, of a container that is not on its default bridge.
  std::optional<std::size_t> network = {};

  auto operator<=>(const Endpoint&) const = default;
};

/// `text` is an address or a host's name (whole, or its first label where that is unique). A name
/// means the host itself, not its containers: as a source its first address; as a destination the
/// address nearest to `from`, or its bip where a tunnel leads there. Throws kUsage, with a
/// suggestion, where it is neither.
Endpoint find_endpoint(const inventory::Inventory& inventory, std::string_view text,
                       const std::optional<Endpoint>& from = std::nullopt);

/// "container 192.168.100.2 on host1", "container 172.16.10.130 of mv10 on host1", "host1
/// (172.16.10.11)", "172.16.10.77 in segment vlan100"
std::string show(const inventory::Inventory& inventory, const Endpoint& endpoint);

/// What a stage by tunnel looks like to the network between.
struct Outer {
  std::uint32_t vni = 0;
  std::uint16_t port = 0;  // UDP
  model::Address from;
  model::Address to;
  /// Of the tunnel's link, in bytes, at most: what the inventory says; nullopt: it says nothing,
  /// and the link with `from` decides.
  std::optional<std::uint32_t> mtu;

  auto operator<=>(const Outer&) const = default;
};

/// One stage: somebody sends the packet to `next`.
struct Stage {
  std::string from;                    // host name, or the address of a container or neighbour
  std::string to;                      // likewise
  std::optional<std::size_t> segment;  // crossed, an index; nullopt: the bridge of a host, a
                                       // tunnel, or what the inventory does not know
  std::string medium;                  // "segment vlan100 (VLAN 100)", "bridge docker0",
                                       // "tunnel vxlan.ovl"
  model::Address next;                 // where the packet goes on this medium
  std::vector<model::Address> equals;  // with `ecmp`: all next hops of equal cost, `next` the first
  std::string why;                     // a clause
  std::optional<Outer> tunnel = {};    // how, where it is one

  auto operator<=>(const Stage&) const = default;
};

struct Path {
  std::vector<Stage> stages;
  std::string stuck;    // why it goes no further; empty: it arrives
  std::string refused;  // why the last host's firewall does not let it in; empty: it does
  /// The source it arrives with, where that is not the one it was asked for: a host sends into a
  /// tunnel with its bip.
  std::optional<model::Address> source = {};
  std::string masquerader = {};  // the host that puts an address of its own in its place; or empty
};

/// At most one stage a segment and two more.
Path find_path(const inventory::Inventory& inventory, const Endpoint& from, const Endpoint& to);

/// Where the answer goes.
Endpoint seen_as(const Endpoint& from, const Path& there);

/// Whether `back` crosses the same media between the same stations as `there`, the other way round.
/// Where it does not, strict rp_filter (ip-sysctl.rst) may drop what arrives.
bool same_way(const Path& there, const Path& back);

/// Both as text for people: one stage two lines, then what becomes of the packet, then the way
/// back.
std::string render_path(const inventory::Inventory& inventory, const Endpoint& from,
                        const Endpoint& to, const Path& there, const Path& back);

}  // namespace overland::desired
