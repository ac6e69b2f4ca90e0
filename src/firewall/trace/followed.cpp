#include "firewall/trace/followed.h"

#include <algorithm>
#include <set>

namespace overland::firewall::trace {
namespace {

using model::FirewallPolicy;
using model::Prefix;

std::string first_or_unknown(const std::vector<std::string>& links) {
  return links.empty() ? "" : links.front();
}

bool believes(const FirewallPolicy& policy, const model::Ingress& link, const Prefix& peer) {
  const auto meets = [&](const Prefix& one) { return one.overlaps(peer); };
  return std::ranges::any_of(believed(link.subnets, policy.peer_subnets), meets) ||
         std::ranges::any_of(believed(link.hosts, policy.peer_hosts), meets);
}

/// The link it is believed on, and so reached by; empty where there are several or none.
std::string comes_by(const FirewallPolicy& policy, const Prefix& peer) {
  std::string only;
  for (const model::Ingress& link : policy.ingress) {
    const auto& all = believed(link.transit, policy.transit);
    if (std::ranges::none_of(all, [&](const Prefix& one) { return one.overlaps(peer); })) continue;
    if (!only.empty()) return "";
    only = link.link;
  }
  return only;
}

/// Around what peers send by the tunnel, and what this host sends.
void add_outer(const FirewallPolicy& policy, const std::vector<OuterWay>& ways,
               std::vector<Alike>& packets) {
  for (const OuterWay& way : ways) {
    const Prefix peer(way.peer, 32);
    TracedPacket packet = {"", "", peer, way.local, policy.mark, false, policy.tunnel->port, false};
    Alike coming;
    for (const std::string& link : way.in) {
      packet.in = link;
      coming.push_back(packet);
    }
    if (coming.empty()) coming.push_back(packet);
    packets.push_back(std::move(coming));
    packets.push_back(
        {{"", way.out, way.local, peer, policy.mark, false, policy.tunnel->port, true}});
  }
}

}  // namespace

std::vector<Alike> packets_of(const FirewallPolicy& policy, const std::vector<OuterWay>& ways) {
  std::vector<Prefix> peers = policy.peer_subnets;
  peers.insert(peers.end(), policy.peer_hosts.begin(), policy.peer_hosts.end());
  if (peers.size() > kMostTraced) peers.resize(kMostTraced);
  const std::string bridge = first_or_unknown(policy.bridges);
  std::vector<Alike> packets;
  for (const Prefix& local : policy.local) {
    for (const Prefix& peer : peers) {
      for (const model::Ingress& one : policy.ingress) {
        if (!believes(policy, one, peer)) continue;
        packets.push_back({{one.link, bridge, peer, local, policy.mark}});
        packets.push_back({{bridge, one.link, local, peer, policy.mark}});
      }
    }
  }
  add_outer(policy, ways, packets);
  const std::size_t most = std::min(policy.transit.size(), kMostTraced);
  for (std::size_t i = 0; i < most; ++i) {
    for (std::size_t j = 0; j < most; ++j) {
      if (i == j) continue;
      const std::string in = comes_by(policy, policy.transit[i]);
      const std::string out = comes_by(policy, policy.transit[j]);
      if (!in.empty() && in == out) continue;
      packets.push_back({{in, out, policy.transit[i], policy.transit[j], policy.mark, true}});
    }
  }
  return packets;
}

std::vector<std::string> links_of(const std::vector<Alike>& packets) {
  std::set<std::string> links;
  for (const Alike& alike : packets) {
    for (const TracedPacket& one : alike) links.insert({one.in, one.out});
  }
  return {links.begin(), links.end()};
}

}  // namespace overland::firewall::trace
