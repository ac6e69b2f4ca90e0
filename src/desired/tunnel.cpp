#include "desired/tunnel.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "desired/container_networks.h"
#include "desired/derive.h"
#include "inventory/keys.h"
#include "inventory/tunnels.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;
using model::Severity;

/// Of Ethernet (RFC 894): for a link that says nothing of the wire.
constexpr std::uint32_t kUsualMtu = 1500;

constexpr auto kLeastMtu = static_cast<std::uint32_t>(inventory::kLeastTunnelMtu);
constexpr auto kMostMtu = static_cast<std::uint32_t>(inventory::kMostTunnelMtu);

const model::LinkFacts* find_link(const model::HostFacts& facts, std::string_view name) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(),
                                  [&](const auto& link) { return link.name == name; });
  return found == facts.links.end() ? nullptr : &*found;
}

/// The link the host's outer packets leave by, as far as its address tells; the parent of one that
/// is still to be made. nullptr: none.
const model::LinkFacts* carrier(const Inventory& inventory, const Host& host,
                                const model::HostFacts& facts) {
  const auto name = underlay_link(inventory, host, facts, host.tunnel_end);
  if (!name) return nullptr;
  const auto* link = find_link(facts, *name);
  return link != nullptr ? link : find_link(facts, host.parent);
}

/// An address on lo (a router's own) is one of no wire.
std::uint32_t mtu_of(const model::LinkFacts& link) {
  return link.mtu == 0 || link.name == "lo" ? kUsualMtu : std::min(link.mtu, kMostMtu);
}

model::Link link_with(const inventory::Tunnel& tunnel, const Host& host, std::uint32_t mtu) {
  model::Link link;
  link.name = model::kTunnelLink;
  link.address = {host.bip->address, 32};
  link.vxlan = {tunnel.vni, tunnel.port, host.tunnel_address(), mtu, true};
  return link;
}

/// Mostly in order already, as the inventory is.
template <typename T>
void put_in_order(std::vector<T>& list) {
  if (!std::is_sorted(list.begin(), list.end())) std::sort(list.begin(), list.end());
}

/// Ours as it stands, with the MTU it has: what cannot be better goes on as it is. nullopt where
/// there is none with that address.
std::optional<model::Link> standing(const inventory::Tunnel& tunnel, const Host& host,
                                    const model::HostFacts& facts) {
  const auto* ours = find_link(facts, model::kTunnelLink);
  const bool stays =
      ours != nullptr && ours->ours && ours->vxlan && ours->vxlan->local == host.tunnel_address();
  if (!stays) return std::nullopt;
  return link_with(tunnel, host, ours->vxlan->mtu);
}

TunnelEnd without_carrier(const inventory::Tunnel& tunnel, const Host& host,
                          const model::HostFacts& facts) {
  const std::string address = host.tunnel_address().to_string();
  TunnelEnd end;
  end.link = standing(tunnel, host, facts);
  end.findings.push_back(
      {Severity::kMisfit, "tunnel",
       "no link of this machine has " + address + ", at which the tunnels of host " + host.name +
           " end: " +
           (end.link ? "nothing comes through them until one has"
                     : "it has no tunnel until one has"),
       "configure it on a link, or choose another of the host's addresses by tunnel_address"});
  return end;
}

}  // namespace

TunnelEnd tunnel_end(const Inventory& inventory, const Host& host, const model::HostFacts& facts) {
  if (!inventory.tunnel || !host.bip || tunnelled_peers(inventory, host).empty()) return {};
  const auto& tunnel = *inventory.tunnel;
  const auto* link = carrier(inventory, host, facts);
  if (link == nullptr) return without_carrier(tunnel, host, facts);
  const std::uint32_t carried = mtu_of(*link);
  const std::string shown =
      "link " + link->name + " carries packets of " + std::to_string(carried) + " bytes (its MTU)";
  if (carried < kLeastMtu) {
    auto stays = standing(tunnel, host, facts);
    const std::string then = stays ? ": it stays as it was" : ": there is none";
    return {
        std::move(stays),
        {{Severity::kMisfit, "tunnel",
          shown + ", and a tunnel needs " + std::to_string(kLeastMtu) + then + " until it has more",
          "raise it: ip link set " + link->name + " mtu 1500"}}};
  }
  TunnelEnd end;
  const std::uint32_t way = std::min<std::uint32_t>(tunnel.mtu.value_or(kMostMtu), carried);
  end.link = link_with(tunnel, host, way - model::kVxlanOverhead);
  if (tunnel.mtu && *tunnel.mtu > carried) {
    end.findings.push_back({Severity::kMisfit, "tunnel",
                            shown + ", and [tunnel] says mtu = " + std::to_string(*tunnel.mtu) +
                                ": what is smaller counts here",
                            "raise the MTU of " + link->name + ", or lower mtu in the inventory"});
  }
  return end;
}

std::vector<std::size_t> tunnelled_peers(const Inventory& inventory, const Host& host) {
  const inventory::Tunnels tunnels(inventory);
  const std::size_t self = inventory::index_of(inventory, host);
  std::vector<std::size_t> result;
  if (!tunnels.takes_part(self)) return result;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    if (tunnels.between(self, i)) result.push_back(i);
  }
  return result;
}

std::vector<model::Neighbour> neighbours(const Inventory& inventory, const Host& host) {
  std::vector<model::Neighbour> result;
  for (const std::size_t peer : tunnelled_peers(inventory, host)) {
    const auto& outer = inventory.hosts[peer].tunnel_address();
    result.push_back({outer, outer});
  }
  put_in_order(result);
  return result;
}

std::optional<model::Tunnel> tunnel_policy(const Inventory& inventory, const Host& host) {
  const auto peers = tunnelled_peers(inventory, host);
  if (peers.empty()) return std::nullopt;
  model::Tunnel policy;
  policy.link = model::kTunnelLink;
  policy.vni = inventory.tunnel->vni;
  policy.port = inventory.tunnel->port;
  policy.senders.reserve(peers.size());
  for (const std::size_t index : peers) {
    const Host& peer = inventory.hosts[index];
    auto inner = open_subnets(inventory, peer);
    const auto closed = closed_subnets(inventory, peer);
    inner.insert(inner.end(), closed.begin(), closed.end());
    if (inner.size() > 1) inner = model::aggregate(std::move(inner));
    policy.senders.push_back({peer.tunnel_address(), std::move(inner)});
  }
  put_in_order(policy.senders);
  return policy;
}

}  // namespace overland::desired
