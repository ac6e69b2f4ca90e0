#pragma once
// Which pairs of hosts a tunnel joins: asked by routes, neighbours, firewall, explanations and
// drawings alike. Of two hosts that share a segment it is none; of two that routers of the
// inventory connect only with `always`; of two with a bip that neither does it is one, where both
// take part. So it is the same seen from either host. Holds a reference to the inventory, which
// must outlive it and stay unchanged.

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "inventory/inventory.h"

namespace overland::inventory {

class Tunnels {
 public:
  /// O(hosts + segments); O(1) where the inventory has no tunnel.
  explicit Tunnels(const Inventory& inventory);

  /// Whether the host may have tunnels: it has a bip and is not excluded. All hosts are indexes.
  [[nodiscard]] bool takes_part(std::size_t host) const {
    return host < keys_.size() && !keys_[host].empty();
  }
  [[nodiscard]] bool between(std::size_t one, std::size_t other) const;

  /// Whether segments and routers of the inventory lead from the host into that segment. True where
  /// the inventory has no tunnel: routers that it does not know are taken to do so then.
  [[nodiscard]] bool leads_to(std::size_t host, std::size_t segment) const;

  /// Whether nothing travels between a container of either host and anything of the other with the
  /// container's own address, but by tunnel: there is one between them, or neither a segment nor a
  /// router leads there, and one of them takes part. Always false without a tunnel in the
  /// inventory.
  [[nodiscard]] bool apart(std::size_t one, std::size_t other) const;
  /// Likewise between a container of the host and machines in that segment.
  [[nodiscard]] bool apart_from(std::size_t host, std::size_t segment) const {
    return takes_part(host) && !leads_to(host, segment);
  }

  /// Hosts that take part and are alike in whom they need a tunnel to; by first host.
  [[nodiscard]] std::vector<std::vector<std::size_t>> sites() const;

  /// Two of sites(), as indexes of it, between whose hosts tunnels are.
  struct SitePair {
    std::size_t one = 0;
    std::size_t other = 0;
  };
  /// Of `sites`, in order; not all where they are more than `most`.
  [[nodiscard]] std::vector<SitePair> site_pairs(const std::vector<std::vector<std::size_t>>& sites,
                                                 std::size_t most) const;

  /// How many pairs of hosts a tunnel joins; without comparing hosts.
  [[nodiscard]] std::uint64_t pairs() const;

 private:
  /// What two hosts must not have in common for a tunnel: segments with `always`, else components
  /// of them (Topology). Sorted; empty where the host takes no part.
  using Key = boost::container::small_vector<std::size_t, 1>;

  const Inventory& inventory_;
  std::vector<std::size_t> components_;  // by segment
  std::vector<Key> keys_;                // by host; empty where there is no tunnel
};

/// The index of one of the inventory's hosts.
inline std::size_t index_of(const Inventory& inventory, const Host& host) {
  return static_cast<std::size_t>(&host - inventory.hosts.data());
}

}  // namespace overland::inventory
