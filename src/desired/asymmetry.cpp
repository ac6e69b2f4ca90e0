#include "desired/asymmetry.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "inventory/topology.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;
using inventory::Reach;
using Segments = std::set<std::size_t>;

class Search {
 public:
  Search(const Inventory& inventory, const Host& self)
      : inventory_(inventory), topology_(inventory), tunnels_(inventory), self_(index_of(self)) {
    std::set<std::tuple<bool, bool, bool, std::vector<std::size_t>>> seen;
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      const Host& host = inventory.hosts[i];
      std::vector<std::size_t> segments;
      for (const auto& [address, segment] : host.addresses) {
        owners_[address] = {i, segment};
        segments.push_back(segment);
      }
      const bool docker = !host.bridge_subnets().empty();
      // A router is never like another: it forwards on its own.
      if (i != self_ &&
          (host.router || seen.emplace(docker, host.router, host.tunnels, segments).second)) {
        senders_.push_back(i);
      }
    }
  }

  std::vector<Asymmetry> run() {
    for (const std::size_t sender : senders_) {
      for (const auto& [address, segment] : me().addresses) to_address(sender, segment);
      if (inventory_.hosts[sender].bridge_subnets().empty()) continue;
      if (!me().bridge_subnets().empty()) to_bridge(sender, self_);
      if (!me().router) continue;
      for (const std::size_t target : senders_) {
        if (target != sender && !inventory_.hosts[target].bridge_subnets().empty()) {
          to_bridge(sender, target);
        }
      }
    }
    return {found_.begin(), found_.end()};
  }

 private:
  /// The next hops from a host towards the target; empty where it is on-link.
  using Step = std::function<std::vector<model::Address>(const Reach&)>;

  [[nodiscard]] const Host& me() const { return inventory_.hosts[self_]; }
  [[nodiscard]] std::size_t index_of(const Host& host) const {
    return static_cast<std::size_t>(&host - inventory_.hosts.data());
  }

  const Reach& reach(std::size_t host) {
    const auto found = reaches_.find(host);
    if (found != reaches_.end()) return found->second;
    return reaches_.emplace(host, topology_.reach(inventory_.hosts[host])).first->second;
  }

  /// The segments in which a packet of `sender` arrives here along any of equal routes: on its way
  /// to the host `last`, or to an address of ours in `on_link`, where the last router delivers it.
  Segments arrivals(std::size_t sender, std::size_t last, std::optional<std::size_t> on_link,
                    const Step& step) {
    Segments result;
    std::set<std::size_t> visited = {sender};
    std::vector<std::size_t> open = {sender};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (at == last) continue;
      const auto gateways = step(reach(at));
      if (gateways.empty() && on_link) result.insert(*on_link);
      for (const auto& gateway : gateways) {
        const auto owner = owners_.find(gateway);
        if (owner == owners_.end()) continue;
        const auto [next, segment] = owner->second;
        if (next == self_) {
          result.insert(segment);
        } else if (visited.insert(next).second) {
          open.push_back(next);
        }
      }
    }
    return result;
  }

  Segments segments_of(const std::vector<model::Address>& gateways) {
    Segments result;
    for (const auto& gateway : gateways) {
      const auto owner = owners_.find(gateway);
      if (owner != owners_.end()) result.insert(owner->second.second);
    }
    return result;
  }

  void record(const Segments& in, const Segments& out, const model::Prefix& source) {
    if (out.empty()) return;
    for (const std::size_t segment : in) {
      if (!out.contains(segment)) {
        found_.insert({segment, source, std::vector<std::size_t>(out.begin(), out.end())});
      }
    }
  }

  /// From the sender's containers to those of `target`, which is this host or beyond it.
  void to_bridge(std::size_t sender, std::size_t target) {
    if (tunnels_.between(sender, target)) return;  // comes and goes by one link
    const Host& host = inventory_.hosts[target];
    const auto in = arrivals(sender, target, std::nullopt,
                             [&](const Reach& from) { return topology_.next_hops(from, host); });
    if (in.empty()) return;
    const auto out = segments_of(topology_.next_hops(reach(self_), inventory_.hosts[sender]));
    for (const auto& subnet : inventory_.hosts[sender].bridge_subnets()) record(in, out, subnet);
  }

  /// From the sender itself to this host's address in `segment`.
  void to_address(std::size_t sender, std::size_t segment) {
    const Reach& start = reach(sender);
    if (start.distance[segment] == 0) return;  // both are in it, and so is the way back
    const Step step = [&](const Reach& from) {
      return topology_.next_hops_to_segment(from, segment);
    };
    for (const auto& gateway : step(start)) {
      const auto first = owners_.find(gateway);
      if (first == owners_.end()) continue;
      const auto [next, egress] = first->second;
      const auto* source = inventory_.hosts[sender].address_in(egress);
      if (source == nullptr) continue;
      const Segments in = next == self_ ? Segments{egress} : arrivals(next, self_, segment, step);
      const Reach& mine = reach(self_);
      const auto out = mine.distance[egress] == 0
                           ? Segments{egress}
                           : segments_of(topology_.next_hops_to_segment(mine, egress));
      record(in, out, model::Prefix(*source));
    }
  }

  const Inventory& inventory_;
  const inventory::Topology topology_;
  const inventory::Tunnels tunnels_;
  const std::size_t self_;
  std::map<model::Address, std::pair<std::size_t, std::size_t>> owners_;  // host, segment
  std::vector<std::size_t> senders_;
  std::map<std::size_t, Reach> reaches_;
  std::set<Asymmetry> found_;
};

}  // namespace

std::vector<Asymmetry> asymmetries(const Inventory& inventory, const Host& host) {
  return Search(inventory, host).run();
}

}  // namespace overland::desired
