// The links that networks are made on, host by host: which of them an ipvlan network shares.

#include <map>
#include <utility>

#include "inventory/validate.h"

namespace overland::inventory {
namespace {

/// As far as the inventory tells: the link's name, or the segment it leads into.
std::string parent_key(const Draft& draft, const Network& network, const Host& host) {
  if (!network.segment) return network.parent;
  const Segment& segment = draft.inventory.segments[*network.segment];
  if (!segment.vlan || host.parent.empty()) return " " + std::to_string(*network.segment);
  return host.parent + "." + std::to_string(*segment.vlan);
}

}  // namespace

/// Once a network, at the later one of the file.
void check_parents(const Draft& draft, Report& report) {
  std::vector<bool> told(draft.networks.size(), false);
  std::map<std::pair<std::size_t, std::string>, std::size_t> first;
  for (const NetworkPiece& piece : draft.pieces) {
    const Network& network = draft.inventory.networks[piece.network];
    const Host& host = draft.inventory.hosts[piece.host];
    if (network.driver == model::NetworkDriver::kBridge) continue;
    const auto [known, added] =
        first.emplace(std::pair(piece.host, parent_key(draft, network, host)), piece.network);
    if (added || known->second == piece.network || told[piece.network]) continue;
    const Network& other = draft.inventory.networks[known->second];
    const auto is_ipvlan = [](const Network& one) {
      return one.driver == model::NetworkDriver::kIpvlan;
    };
    if (!is_ipvlan(network) && !is_ipvlan(other)) continue;
    told[piece.network] = true;
    report.add(Code::kIpvlanParent, draft.networks[piece.network].name,
               network_label(draft, piece.network) + " has the parent of " +
                   network_label(draft, known->second) + " on " + label(draft, piece.host) +
                   ", and ipvlan shares its parent with nothing",
               "put one of them on a VLAN or link of its own");
  }
}

}  // namespace overland::inventory
