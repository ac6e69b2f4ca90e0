#pragma once
// Who reaches whom over which routers: the one graph behind routes, validation and explanations.
// Segments are joined by routers; a host that is no router is never passed through. Holds a
// reference to the inventory, which must outlive it and stay unchanged.

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "inventory/inventory.h"

namespace overland::inventory {

/// A distance no path has.
inline constexpr std::size_t kUnreachable = std::numeric_limits<std::size_t>::max();

/// What one host sees, by index of segment.
struct Reach {
  /// Routers between the host and the segment: 0 where it has an address there, else at least 1.
  std::vector<std::size_t> distance;
  /// The neighbouring routers, as indexes of hosts, that a shortest path can begin with; sorted.
  /// Empty for segments that are attached or unreachable.
  std::vector<std::vector<std::size_t>> first_hops;
  /// The host's own order of preference among attached segments: 0 for that of its first address;
  /// kUnreachable for all others.
  std::vector<std::size_t> rank;
};

/// By which of a host's own segments packets come in to it, by index of the segment they start in.
/// Paths take as many hops in either direction, so that the paths from the host tell.
struct Arrivals {
  std::vector<std::size_t> distance;  // as in Reach
  /// The ends of all shortest paths, whether or not the cluster has `ecmp`; sorted.
  std::vector<std::vector<std::size_t>> by;
  /// Likewise of a machine that knows nothing of the inventory and sends to any router it sees.
  std::vector<std::vector<std::size_t>> strangers_by;

  /// The nearest addresses of `peer`, another host: what it sends ends in one of `segments`.
  [[nodiscard]] bool comes_by(const Host& peer, const std::vector<std::size_t>& segments) const;
};

/// One stage of a path: the packet goes to `gateway`, an address of `host`, in `segment`.
struct Hop {
  std::size_t host = 0;
  model::Address gateway;
  std::size_t segment = 0;

  auto operator<=>(const Hop&) const = default;
};

class Topology {
 public:
  explicit Topology(const Inventory& inventory);

  /// Shortest paths from `host`, which must be one of the inventory's. O(segments + addresses of
  /// routers), less the sets of equal first hops where the cluster has `ecmp`; without it only the
  /// first router of the inventory is kept.
  [[nodiscard]] Reach reach(const Host& host) const;

  /// O(segments + addresses of routers), less the sets of equal ends.
  [[nodiscard]] Arrivals arrivals(const Host& host) const;

  /// The next hops from the host of `reach` to `peer`, another host: the peer itself in shared
  /// segments, else routers. One, or with `ecmp` all equal ones, sorted. Empty: unreachable.
  [[nodiscard]] std::vector<model::Address> next_hops(const Reach& reach, const Host& peer) const;

  /// Likewise to every address of a segment; empty where the host is attached to it, too.
  [[nodiscard]] std::vector<model::Address> next_hops_to_segment(const Reach& reach,
                                                                 std::size_t segment) const;

  /// The path packets to the bridge subnets of `to` take, the last hop being `to` itself; nullopt
  /// where there is none. With `ecmp` one of the equal paths. Both are indexes of hosts.
  [[nodiscard]] std::optional<std::vector<Hop>> path(std::size_t from, std::size_t to) const;

  /// A number for each segment: equal where routers connect them.
  [[nodiscard]] std::vector<std::size_t> components() const;

 private:
  /// What is carried along shortest paths from a host, to each segment.
  struct Spread {
    std::vector<std::size_t> distance;
    std::vector<std::vector<std::size_t>> carried;
  };
  enum class Seed { kFirstRouters, kOwnSegments };
  [[nodiscard]] Spread spread(const Host& host, Seed seed, bool all) const;
  void add_gateways(const Reach& reach, const Host& neighbour,
                    std::vector<model::Address>& gateways) const;

  const Inventory& inventory_;
  std::vector<std::vector<std::size_t>> routers_;  // by segment: indexes of hosts, ascending
};

}  // namespace overland::inventory
