// The ways to the peers, as far as this host can see them: route, link, neighbour, and what here
// stands in the way of them all. Nothing is sent; that packets arrive only a probe can tell.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/status_report.h"
#include "plan/describe.h"

namespace overland::cli {
namespace {

using model::HostFacts;
using model::LinkFacts;
using model::NeighbourFacts;
using model::Prefix;
using reconcile::Survey;

/// Whose subnet a route leads to: the names of hosts and segments.
using Owner = std::pair<Prefix, std::string>;
std::vector<Owner> owners(const inventory::Inventory& inventory) {
  std::vector<Owner> names;
  names.reserve(inventory.segments.size() + inventory.hosts.size());
  for (const auto& segment : inventory.segments) {
    names.emplace_back(segment.subnet, "segment " + segment.name);
  }
  for (const auto& host : inventory.hosts) {
    for (const auto& subnet : host.bridge_subnets()) names.emplace_back(subnet, host.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string owner_of(const Prefix& subnet, const std::vector<Owner>& names) {
  const auto found = std::lower_bound(
      names.begin(), names.end(), subnet,
      [](const Owner& owner, const Prefix& wanted) { return owner.first < wanted; });
  return found == names.end() || found->first != subnet ? "" : found->second;
}

bool works(const LinkFacts& link) { return link.up && link.carrier; }

const LinkFacts* find_link(const HostFacts& facts, const std::string& name) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(),
                                  [&](const auto& link) { return link.name == name; });
  return found == facts.links.end() ? nullptr : &*found;
}

/// That of the longest network with `address`; of several one that works. nullptr: none.
const LinkFacts* link_to(const model::Address& address, const HostFacts& facts) {
  const LinkFacts* best = nullptr;
  std::pair<int, bool> rank;
  for (const auto& link : facts.links) {
    for (const auto& own : link.addresses) {
      const Prefix network = own.prefix();
      if (!network.contains(address)) continue;
      const std::pair<int, bool> now = {network.length(), works(link)};
      if (best != nullptr && now <= rank) continue;
      best = &link;
      rank = now;
    }
  }
  return best;
}

/// "diverted" or "unrouted"; empty: neither.
std::string diversion(const model::Prefix& destination, const Survey& survey) {
  const auto& all = survey.facts.diversions;
  const auto found = std::ranges::lower_bound(all, destination, {}, &model::Diversion::destination);
  if (found == all.end() || found->destination != destination) return "";
  return found->within ? "unrouted" : "diverted";
}

std::string route_state(const model::Route& wanted, const Survey& survey) {
  const auto& others = survey.facts.foreign_routes;
  const auto other = std::lower_bound(others.begin(), others.end(), wanted.destination,
                                      [](const auto& foreign, const auto& destination) {
                                        return foreign.destination < destination;
                                      });
  if (other != others.end() && wanted.destination.contains(other->destination)) {
    return other->destination == wanted.destination ? "held by another" : "shadowed";
  }
  if (auto how = diversion(wanted.destination, survey); !how.empty()) return how;
  if (wanted.link && *wanted.link == model::kTunnelLink) {
    for (const auto& gateway : wanted.gateways) {
      const auto& peers = survey.desired.neighbours;
      const auto peer = std::ranges::lower_bound(peers, gateway, {}, &model::Neighbour::address);
      if (peer == peers.end() || peer->address != gateway) continue;
      if (auto how = diversion(model::Prefix(peer->outer, 32), survey); !how.empty()) return how;
    }
  }
  const auto found = std::lower_bound(
      survey.actual.state.routes.begin(), survey.actual.state.routes.end(), wanted,
      [](const auto& have, const auto& want) {
        return std::pair(have.destination, have.metric) < std::pair(want.destination, want.metric);
      });
  if (found == survey.actual.state.routes.end() || found->destination != wanted.destination ||
      found->metric != wanted.metric) {
    return "missing";
  }
  return *found == wanted ? "" : "differs";
}

/// What here concerns the ways to all peers; empty where nothing does.
Word everywhere(const Survey& survey) {
  const auto conflicts = survey.plan.conflicts();
  const bool drops = std::any_of(conflicts.begin(), conflicts.end(), [](const auto& one) {
    return one.resource == "firewall" || one.resource.starts_with("sysctl ");
  });
  if (drops) return {"conflict", Tone::kBad};
  const bool drift =
      std::any_of(survey.plan.steps.begin(), survey.plan.steps.end(), [](const auto& step) {
        return plan::kind(step) != std::string("route") &&
               !std::holds_alternative<plan::RestartDockerStep>(step) &&
               !std::holds_alternative<plan::NetworkStep>(step);
      });
  if (drift) return {"drift", Tone::kBad};
  const auto& docker = survey.facts.docker;
  const bool bridged = survey.desired.docker && survey.desired.docker->address;
  if (bridged && docker.installed && !docker.running && docker.unknown.empty()) {
    // With live-restore containers go on without it.
    return {"Docker stopped", docker.live_restore ? Tone::kDoubtful : Tone::kBad};
  }
  if (survey.plan.docker_restart_required) return {"restart due", Tone::kDoubtful};
  return {};
}

/// Behind a link that the route itself names; "-" where that is not there.
HopStatus hop_on(const std::string& name, const model::Address& address, const HostFacts& facts,
                 const std::vector<NeighbourFacts>& neighbours) {
  HopStatus hop = {address.to_string(), find_link(facts, name) == nullptr ? "-" : name};
  auto one = std::lower_bound(
      neighbours.begin(), neighbours.end(), address,
      [](const NeighbourFacts& known, const auto& wanted) { return known.address < wanted; });
  for (; one != neighbours.end() && one->address == address; ++one) {
    if (one->link == name) hop.reach = one->reach;
  }
  return hop;
}

class Judge {
 public:
  explicit Judge(const Survey& survey) : survey_(survey), everywhere_(everywhere(survey)) {
    if (survey.desired.docker) bridge_ = find_link(survey.facts, survey.desired.docker->bridge);
  }

  /// The gravest first.
  [[nodiscard]] Word operator()(const model::Route& route,
                                const std::vector<HopStatus>& hops) const {
    std::uint32_t mtu = 0;
    auto reach = model::Reach::kReachable;
    for (std::size_t i = 0; i < hops.size(); ++i) {
      const auto* link = find_link(survey_.facts, hops[i].link);
      const auto& lost = survey_.facts.unreachable;
      if (link != nullptr && !works(*link)) return {"link down", Tone::kBad};
      if (link == nullptr && route.link) return {"no link", Tone::kBad};
      if (std::binary_search(lost.begin(), lost.end(), route.gateways[i])) {
        return {"no link", Tone::kBad};
      }
      // Of a tunnel the kernel tells whoever sends larger packets, on this host.
      if (link != nullptr && !route.link && (mtu == 0 || link->mtu < mtu)) mtu = link->mtu;
      reach = std::max(reach, hops[i].reach);
    }
    if (auto state = route_state(route, survey_); !state.empty()) return {state, Tone::kBad};
    if (reach == model::Reach::kFailed) return {"neighbour failed", Tone::kBad};
    if (everywhere_.tone == Tone::kBad) return everywhere_;
    if (reach == model::Reach::kIncomplete) return {"neighbour incomplete", Tone::kDoubtful};
    if (!everywhere_.text.empty()) return everywhere_;
    if (bridge_ != nullptr && mtu != 0 && mtu < bridge_->mtu) {
      return {"mtu " + std::to_string(mtu) + " < " + std::to_string(bridge_->mtu), Tone::kDoubtful};
    }
    return {"route ok", Tone::kGood};
  }

 private:
  const Survey& survey_;
  Word everywhere_;
  const LinkFacts* bridge_ = nullptr;
};

}  // namespace

HopStatus hop_to(const model::Address& address, const HostFacts& facts,
                 const std::vector<NeighbourFacts>& neighbours) {
  const auto* link = link_to(address, facts);
  HopStatus hop = {address.to_string(), link == nullptr ? "-" : link->name};
  auto one = std::lower_bound(
      neighbours.begin(), neighbours.end(), address,
      [](const NeighbourFacts& known, const auto& wanted) { return known.address < wanted; });
  for (; one != neighbours.end() && one->address == address; ++one) {
    // Where a route makes it on-link, not an address, only the neighbour tells the link.
    if (link == nullptr) hop.link = one->link;
    if (hop.link == one->link) hop.reach = one->reach;
  }
  return hop;
}

std::vector<PeerStatus> peer_states(const inventory::Inventory& inventory, const Survey& survey,
                                    const std::vector<NeighbourFacts>& neighbours) {
  const auto names = owners(inventory);
  const Judge judge(survey);
  std::vector<PeerStatus> peers;
  peers.reserve(survey.desired.routes.size());
  for (const auto& route : survey.desired.routes) {
    if (route.kind == model::RouteKind::kUnreachable) continue;
    PeerStatus& peer = peers.emplace_back();
    peer.name = owner_of(route.destination, names);
    peer.subnet = route.destination.to_string();
    for (const auto& gateway : route.gateways) {
      peer.next_hops.push_back(route.link ? hop_on(*route.link, gateway, survey.facts, neighbours)
                                          : hop_to(gateway, survey.facts, neighbours));
    }
    peer.state = judge(route, peer.next_hops);
  }
  return peers;
}

const char* name(model::Reach reach) {
  switch (reach) {
    case model::Reach::kReachable:
      return "reachable";
    case model::Reach::kStale:
      return "stale";
    case model::Reach::kEntered:
      return "entered";
    case model::Reach::kNotAsked:
      return "not asked";
    case model::Reach::kIncomplete:
      return "incomplete";
    case model::Reach::kFailed:
      return "failed";
  }
  return "";
}

}  // namespace overland::cli
