#include "desired/path_tunnel.h"

#include <algorithm>
#include <cstdint>

#include "desired/path_networks.h"
#include "inventory/tunnels.h"
#include "model/link.h"

namespace overland::desired {
namespace {

using inventory::Inventory;

bool is_underlay(const inventory::Host& host, const model::Address& address) {
  return std::any_of(host.addresses.begin(), host.addresses.end(),
                     [&](const auto& own) { return own.address == address; });
}

}  // namespace

Stage tunnel_stage(const Inventory& inventory, std::size_t at, std::size_t peer,
                   const model::Prefix& destination) {
  const auto& tunnel = *inventory.tunnel;
  const auto& from = inventory.hosts[at];
  const auto& to = inventory.hosts[peer];
  const std::string network = whose(inventory, peer, destination);
  const std::string what =
      network.empty() ? destination.to_string() + " is the bridge subnet of " + to.name : network;
  Stage stage{from.name,
              to.name,
              std::nullopt,
              "tunnel " + std::string(model::kTunnelLink),
              to.tunnel_address(),
              {},
              what + "; it shares no segment with " + from.name +
                  (tunnel.always ? ", and [tunnel] is always used then"
                                 : ", and no router of the inventory connects them")};
  std::optional<std::uint32_t> mtu;
  if (tunnel.mtu) mtu = *tunnel.mtu - model::kVxlanOverhead;
  stage.tunnel = {tunnel.vni, tunnel.port, from.tunnel_address(), to.tunnel_address(), mtu};
  return stage;
}

bool between_sites(const Inventory& inventory, std::size_t at, const Endpoint& to) {
  return to.kind == Endpoint::Kind::kHost && inventory::Tunnels(inventory).apart(at, to.host) &&
         is_underlay(inventory.hosts[to.host], to.address);
}

Stage site_stage(const Inventory& inventory, std::size_t at, const Endpoint& to) {
  const auto& peer = inventory.hosts[to.host];
  return {
      inventory.hosts[at].name,
      peer.name,
      std::nullopt,
      "the network between them",
      to.address,
      {},
      "overland has no route there: what carries the tunnels between the sites leads there, too"};
}

void add_source(const Inventory& inventory, const Endpoint& from, const Endpoint& to, Path& path) {
  if (from.kind == Endpoint::Kind::kNeighbour || path.stages.empty()) return;
  const auto& host = inventory.hosts[from.host];
  if (from.kind == Endpoint::Kind::kHost) {
    const bool own = is_underlay(host, from.address);
    if (own && path.stages.front().tunnel) path.source = host.bip->address;
    return;
  }
  const inventory::Tunnels tunnels(inventory);
  const bool apart =
      to.kind == Endpoint::Kind::kHost && to.host != from.host && tunnels.apart(from.host, to.host);
  if (apart && is_underlay(inventory.hosts[to.host], to.address)) path.masquerader = host.name;
}

}  // namespace overland::desired
