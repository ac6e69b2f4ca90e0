#include "cli/status_peer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "cli/path_json.h"
#include "desired/container_networks.h"

namespace overland::cli {
namespace {

using inventory::Host;
using model::Prefix;

bool all_in(const std::vector<Prefix>& wanted, const std::vector<Prefix>& list) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Prefix& one) {
    return std::any_of(list.begin(), list.end(),
                       [&](const Prefix& prefix) { return prefix.contains(one); });
  });
}

/// Closed networks aside, which are not let in as the peer is. By a tunnel only containers come.
std::vector<std::string> links_for(const inventory::Inventory& inventory,
                                   const model::FirewallPolicy& policy, const Host& peer,
                                   bool tunnel) {
  const auto subnets = desired::open_subnets(inventory, peer);
  std::vector<Prefix> hosts;
  for (const auto& one : peer.addresses) hosts.emplace_back(one.address);
  std::vector<std::string> links;
  for (const auto& ingress : policy.ingress) {
    const bool in = all_in(subnets, believed(ingress.subnets, policy.peer_subnets)) &&
                    (tunnel || all_in(hosts, believed(ingress.hosts, policy.peer_hosts)));
    if (in) links.push_back(ingress.link);
  }
  return links;
}

std::string end_of(const Host& host) {
  return host.bip ? host.bip->address.to_string() : host.name;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + base::printable(part);
  return text.empty() ? "none" : text;
}

/// By the inventory, but for the MTU.
std::optional<desired::Outer> tunnel_to(const desired::Path& path, const model::HostFacts& facts) {
  for (const auto& stage : path.stages) {
    if (!stage.tunnel) continue;
    auto tunnel = stage.tunnel;
    tunnel->mtu = std::nullopt;
    for (const auto& link : facts.links) {
      if (link.name == model::kTunnelLink && link.ours) tunnel->mtu = link.mtu;
    }
    return tunnel;
  }
  return std::nullopt;
}

std::string tunnel_line(const desired::Outer& tunnel) {
  return std::string(model::kTunnelLink) + ", VNI " + std::to_string(tunnel.vni) + ", outer " +
         tunnel.from.to_string() + " -> " + tunnel.to.to_string() + ", UDP port " +
         std::to_string(tunnel.port) +
         (tunnel.mtu ? ", MTU " + std::to_string(*tunnel.mtu) : ", whose link is not there");
}

std::string let_in_line(const PeerDetail& peer) {
  if (!peer.let_in_on) return "not known: the rules in force could not be read";
  return peer.let_in_on->empty() ? "on no link" : "on " + joined(*peer.let_in_on);
}

}  // namespace

const Host& find_peer(const inventory::Inventory& inventory, const Host& self,
                      std::string_view text) {
  const auto found = desired::find_endpoint(inventory, text);
  if (found.kind == desired::Endpoint::Kind::kNeighbour) {
    throw base::Error(base::ErrorKind::kUsage, base::printable(text) + " is in segment " +
                                                   inventory.segments[found.segment].name +
                                                   ", but of no host");
  }
  const Host& peer = inventory.hosts[found.host];
  if (&peer != &self) return peer;
  throw base::Error(base::ErrorKind::kUsage,
                    base::printable(text) + " is this host, of which 'overland status' tells");
}

PeerDetail peer_detail(const inventory::Inventory& inventory, const Host& self, const Host& peer,
                       const reconcile::Survey& survey,
                       const std::vector<model::NeighbourFacts>& neighbours) {
  PeerDetail detail;
  detail.inventory = &inventory;
  detail.name = peer.name;
  detail.router = peer.router;
  for (const auto& [address, segment] : peer.addresses) {
    detail.addresses.push_back(
        {hop_to(address, survey.facts, neighbours), inventory.segments[segment].name});
  }
  for (const auto& subnet : peer.bridge_subnets()) detail.subnets.push_back(subnet.to_string());
  detail.from = desired::find_endpoint(inventory, end_of(self));
  detail.to = desired::find_endpoint(inventory, end_of(peer), detail.from);
  detail.there = desired::find_path(inventory, detail.from, detail.to);
  detail.back =
      desired::find_path(inventory, detail.to, desired::seen_as(detail.from, detail.there));
  detail.tunnel = tunnel_to(detail.there, survey.facts);
  if (!survey.actual.firewall_unread) {
    const auto& policy = survey.actual.state.firewall;
    detail.let_in_on = policy ? links_for(inventory, *policy, peer, bool(detail.tunnel))
                              : std::vector<std::string>();
  }
  return detail;
}

std::string peer_text(const PeerDetail& peer) {
  std::string text = "Peer       " + peer.name + (peer.router ? ", a router" : "") + "\n";
  for (const auto& [hop, segment] : peer.addresses) {
    text += "Address    " + hop.address + " in segment " + segment;
    text += hop.link == "-"
                ? ", not on a link of this host\n"
                : " by " + base::printable(hop.link) + ", neighbour " + name(hop.reach) + "\n";
  }
  if (peer.tunnel) text += "Tunnel     " + tunnel_line(*peer.tunnel) + "\n";
  text += "Subnets    " + joined(peer.subnets) + "\nLet in     " + let_in_line(peer) + "\n";
  return text;
}

nlohmann::ordered_json peer_json(const PeerDetail& peer) {
  using Json = nlohmann::ordered_json;
  Json addresses = Json::array();
  for (const auto& [hop, segment] : peer.addresses) {
    addresses.push_back({{"address", hop.address},
                         {"segment", segment},
                         {"link", hop.link},
                         {"neighbour", name(hop.reach)}});
  }
  Json document = {{"name", peer.name},
                   {"router", peer.router},
                   {"addresses", addresses},
                   {"subnets", peer.subnets},
                   {"let_in_on", peer.let_in_on ? Json(*peer.let_in_on) : Json()}};
  document["tunnel"] = tunnel_json(peer.tunnel);
  auto path = path_json(*peer.inventory, peer.from, peer.to, peer.there, peer.back);
  path.erase("schema_version");
  document["path"] = std::move(path);
  return document;
}

}  // namespace overland::cli
