#include "desired/graph_tunnels.h"

#include <cstdint>

#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

// More lines than these cannot be told apart on a screen.
constexpr std::size_t kMostPairs = 6;
constexpr std::size_t kMostSitePairs = 10;

using inventory::Inventory;
using Sites = std::vector<std::vector<std::size_t>>;

std::string counted(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " tunnel" : " tunnels");
}

/// The wire that the tunnels of its first host end at.
std::size_t segment_of(const Inventory& inventory, const std::vector<std::size_t>& site) {
  const auto& host = inventory.hosts[site.front()];
  return host.addresses[host.tunnel_end].segment;
}

TunnelDrawing between_hosts(const Inventory& inventory, const inventory::Tunnels& tunnels) {
  TunnelDrawing drawing{TunnelDrawing::Kind::kHosts, {}, {}};
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    for (std::size_t j = i + 1; tunnels.takes_part(i) && j < inventory.hosts.size(); ++j) {
      if (tunnels.between(i, j)) drawing.edges.push_back({i, j, {"tunnel"}});
    }
  }
  return drawing;
}

TunnelDrawing between_sites(const Inventory& inventory, const Sites& sites,
                            const std::vector<inventory::Tunnels::SitePair>& pairs) {
  TunnelDrawing drawing{TunnelDrawing::Kind::kSegments, {}, {}};
  for (const auto& [one, other] : pairs) {
    drawing.edges.push_back({segment_of(inventory, sites[one]),
                             segment_of(inventory, sites[other]),
                             {counted(sites[one].size() * sites[other].size())}});
  }
  return drawing;
}

}  // namespace

TunnelDrawing tunnel_drawing(const Inventory& inventory) {
  const inventory::Tunnels tunnels(inventory);
  const auto pairs = tunnels.pairs();
  if (pairs == 0) return {};
  // Pairs of hosts are looked for only where hosts are few.
  if (pairs <= kMostPairs && inventory.hosts.size() <= 1000) {
    return between_hosts(inventory, tunnels);
  }
  const auto sites = tunnels.sites();
  const auto site_pairs = tunnels.site_pairs(sites, kMostSitePairs);
  if (site_pairs.size() <= kMostSitePairs) return between_sites(inventory, sites, site_pairs);
  TunnelDrawing drawing{TunnelDrawing::Kind::kCloud, {}, {}};
  drawing.cloud = {counted(pairs), "VNI " + std::to_string(inventory.tunnel->vni)};
  for (const auto& site : sites) {
    drawing.edges.push_back(
        {segment_of(inventory, site),
         0,
         {std::to_string(site.size()) + (site.size() == 1 ? " host" : " hosts")}});
  }
  return drawing;
}

}  // namespace overland::desired
