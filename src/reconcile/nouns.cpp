#include "reconcile/nouns.h"

#include <algorithm>

#include "reconcile/observe_networks.h"

namespace overland::reconcile {
namespace {

struct Executor {
  const host::Ports& ports;

  void operator()(const plan::SysctlStep& step) const { ports.sysctls.apply(step); }
  void operator()(const plan::LinkStep& step) const { ports.links.apply(step); }
  void operator()(const plan::FirewallStep& step) const { ports.firewall.apply(step); }
  void operator()(const plan::AdoptStep& step) const { ports.routes.remove(*step.route); }
  void operator()(const plan::RestoreStep& step) const { ports.routes.restore(*step.route); }
  void operator()(const plan::DockerStep& step) const { ports.docker.apply(step); }
  void operator()(const plan::RestartDockerStep&) const { ports.docker.restart(); }
  void operator()(const plan::NetworkStep& step) const { ports.docker.apply(step); }
  void operator()(const plan::NeighbourStep& step) const {
    const auto outcomes = ports.neighbours.apply({&step, 1});
    if (outcomes.front()) throw base::Error(*outcomes.front());
  }
  void operator()(const plan::RouteStep& step) const {
    const auto outcomes = ports.routes.apply({&step, 1});
    if (outcomes.front()) throw base::Error(*outcomes.front());
  }
};

/// Whom those need that do not only need the kernel.
struct Needs {
  template <typename Other>
  Neighbour operator()(const Other&) const {
    return Neighbour::kKernel;
  }
  Neighbour operator()(const plan::FirewallStep&) const { return Neighbour::kFirewall; }
  Neighbour operator()(const plan::DockerStep&) const { return Neighbour::kDocker; }
  Neighbour operator()(const plan::RestartDockerStep&) const { return Neighbour::kDocker; }
  Neighbour operator()(const plan::NetworkStep&) const { return Neighbour::kNetworks; }
};

/// Most steps go their own way.
struct Depends {
  template <typename Step, typename Failed>
  bool operator()(const Step&, const Failed&) const {
    return false;
  }
  /// What a route to be made leads by is a link that was not made, or every next hop is behind it.
  bool operator()(const plan::RouteStep& route, const plan::LinkStep& link) const {
    if (!link.to || !route.to) return false;
    if (route.to->link) return *route.to->link == link.to->name;
    if (route.to->gateways.empty() || link.to->address == model::kNoAddress) return false;
    const auto network = link.to->address.prefix();
    return std::all_of(route.to->gateways.begin(), route.to->gateways.end(),
                       [&](const auto& gateway) { return network.contains(gateway); });
  }
  bool operator()(const plan::NeighbourStep& neighbour, const plan::LinkStep& link) const {
    return neighbour.to && link.to && link.to->vxlan;
  }
  /// What a tunnel brings is to be bound to its senders from the first packet on. One that is open
  /// already is repaired all the same.
  bool operator()(const plan::LinkStep& link, const plan::FirewallStep& firewall) const {
    if (!link.to || !link.to->vxlan || !firewall.to || !firewall.to->tunnel) return false;
    const bool open = link.from && link.from->up && link.from->vxlan;
    return !open || link.from->vxlan->vni != link.to->vxlan->vni ||
           link.from->vxlan->port != link.to->vxlan->port;
  }
  /// An old tunnel that could not be taken away stays bound.
  bool operator()(const plan::FirewallStep& firewall, const plan::LinkStep& link) const {
    if (link.to || !link.from->vxlan) return false;
    const auto& tunnel = firewall.to ? firewall.to->tunnel : std::nullopt;
    return !tunnel || tunnel->vni != link.from->vxlan->vni ||
           tunnel->port != link.from->vxlan->port;
  }
  /// And nothing is made in its place.
  bool operator()(const plan::LinkStep& link, const plan::LinkStep& failed) const {
    return link.to && link.to->vxlan && !failed.to && failed.from->name == link.to->name;
  }
  /// Nothing is forwarded that a guard would have dropped.
  bool operator()(const plan::SysctlStep& sysctl, const plan::FirewallStep& firewall) const {
    return sysctl.to->key == model::kIpForward && sysctl.to->value == "1" && firewall.to &&
           firewall.to->guard != model::FirewallGuard::kNone;
  }
  bool operator()(const plan::AdoptStep& adopt, const plan::RouteStep& route) const {
    return route.to && route.to->kind == model::RouteKind::kUnicast &&
           route.to->destination == adopt.route->destination;
  }
  bool operator()(const plan::RestartDockerStep&, const plan::DockerStep&) const { return true; }
  /// Docker would make the parent itself, and keep it for its own.
  bool operator()(const plan::NetworkStep& network, const plan::LinkStep& link) const {
    return network.to && link.to && network.to->parent == link.to->name;
  }
  /// Strangers would reach its containers.
  bool operator()(const plan::NetworkStep& network, const plan::FirewallStep& firewall) const {
    return network.to && firewall.to &&
           std::ranges::any_of(firewall.to->ipvlan_guards,
                               [&](const auto& guard) { return guard.own == network.to->subnet; });
  }
  /// The containers on it would go with their parent.
  bool operator()(const plan::LinkStep& link, const plan::NetworkStep& network) const {
    return !link.to && network.from && network.from->parent == link.from->name;
  }
};

std::vector<model::Sysctl> read_sysctls(host::Sysctls& sysctls, const model::HostState& named) {
  std::vector<model::Sysctl> now;
  for (const auto& one : named.sysctls) {
    if (auto value = sysctls.read(one.key)) now.push_back({one.key, std::move(*value)});
  }
  return now;
}

void read_firewall(host::Firewall& firewall, const model::HostState& named, model::Observed& now) {
  auto found = firewall.read(named.firewall.value_or(model::FirewallPolicy{}));
  now.state.firewall.reset();
  now.defects.clear();
  if (!found) return;
  now.state.firewall = std::move(found->policy);
  now.defects = std::move(found->defects);
}

const model::LinkFacts* bridge_of(const model::HostState& desired, const model::HostFacts& facts) {
  const auto bridge = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return desired.docker && link.name == desired.docker->bridge;
  });
  return bridge == facts.links.end() ? nullptr : &*bridge;
}

/// The tunnel as host::Routes asks about it; nullopt where no link has its address: then it sends
/// nothing, and that is said already.
std::optional<model::LinkFacts> tunnel_of(const model::HostState& desired,
                                          const model::HostFacts& facts) {
  for (const auto& link : desired.links) {
    if (!link.vxlan) continue;
    for (const auto& one : facts.links) {
      for (const auto& address : one.addresses) {
        if (one.name == link.name || address.address != link.vxlan->local) continue;
        model::LinkFacts tunnel;
        tunnel.name = link.name;
        tunnel.vxlan = link.vxlan;
        return tunnel;
      }
    }
  }
  return std::nullopt;
}

/// What of the tunnel's own packets is refused, has no way, or is led elsewhere for its mark. Where
/// others lead them by another table whatever their mark, that is their way.
void observe_around(host::Routes& routes, const model::HostState& desired,
                    model::HostFacts& facts) {
  const auto tunnel = tunnel_of(desired, facts);
  if (!tunnel) return;
  std::vector<model::Prefix> outer;
  outer.reserve(desired.neighbours.size());
  for (const auto& one : desired.neighbours) outer.emplace_back(one.outer, 32);
  const std::uint32_t mark = desired.firewall ? desired.firewall->mark : 0;
  const auto found = routes.diversions(outer, &*tunnel, mark);
  if (found.empty()) return;
  const auto unmarked = routes.diversions(outer, &*tunnel, 0);
  for (const auto& one : found) {
    const bool anyway = std::ranges::binary_search(unmarked, one);
    if (one.table == 0 || !anyway) facts.diversions.push_back(one);
  }
  std::ranges::sort(facts.diversions);
}

void observe_routes(host::Routes& routes, const model::HostState& desired, model::HostState& now,
                    model::HostFacts& facts) {
  const auto destinations = [](const std::vector<model::Route>& list) {
    std::vector<model::Prefix> result;
    result.reserve(list.size());
    for (const auto& route : list) {
      if (route.kind == model::RouteKind::kUnicast) result.push_back(route.destination);
    }
    return result;
  };
  auto found = routes.look(destinations(desired.routes));
  now.routes = std::move(found.ours);
  facts.foreign_routes = std::move(found.foreign);
  // Asked for routes of ours that stand: of others the main table would say nothing either.
  facts.diversions = routes.diversions(destinations(now.routes), bridge_of(desired, facts),
                                       desired.firewall ? desired.firewall->mark : 0);
  observe_around(routes, desired, facts);
}

void observe_docker(const host::Ports& ports, const model::HostState& desired,
                    const SavedState& saved, const model::HostFacts& facts, model::Observed& now) {
  auto& docker = now.state.docker.emplace();
  docker.mode = desired.docker->mode;
  docker.bridge = desired.docker->bridge;
  now.daemon_json_unread = !desired.docker->keys.empty() &&
                           !answered("docker daemon.json", now.findings,
                                     [&] { read(ports, Neighbour::kDocker, desired, now); });
  if (const auto* bridge = bridge_of(desired, facts)) {
    const auto& addresses = bridge->addresses;
    const auto first = std::find_if(addresses.begin(), addresses.end(), [](const auto& one) {
      return one.address.family() == model::Family::kInet4;
    });
    if (first != addresses.end()) docker.address = *first;
  }
  now.restart_pending =
      facts.docker.running && !saved.unread_by.empty() && saved.unread_by == facts.docker.instance;
}

}  // namespace

Neighbour neighbour(const plan::Step& step) { return std::visit(Needs{}, step); }

void carry_out(const host::Ports& ports, const plan::Step& step) {
  std::visit(Executor{ports}, step);
}

bool depends(const plan::Step& step, const plan::Step& failed) {
  return std::visit(Depends{}, step, failed);
}

void read(const host::Ports& ports, Neighbour neighbour, const model::HostState& named,
          model::Observed& now) {
  switch (neighbour) {
    case Neighbour::kKernel:
      now.state.sysctls = read_sysctls(ports.sysctls, named);
      now.state.links = model::our_links(ports.links.facts());
      now.state.neighbours = ports.neighbours.read();
      now.state.routes = ports.routes.read();
      return;
    case Neighbour::kFirewall:
      return read_firewall(ports.firewall, named, now);
    case Neighbour::kDocker:
      if (named.docker) now.state.docker->keys = ports.docker.read(named.docker->keys);
      return;
    case Neighbour::kNetworks:
      now.state.networks = model::our_networks(ports.docker.networks());
      return;
  }
}

model::Observed observe(const host::Ports& ports, const model::HostState& desired,
                        const SavedState& saved, model::HostFacts& facts) {
  model::Observed now;
  for (const auto* found : {&facts.docker.unknown, &facts.firewall.unknown, &facts.findings}) {
    now.findings.insert(now.findings.end(), found->begin(), found->end());
  }
  now.state.sysctls = read_sysctls(ports.sysctls, desired);
  now.state.links = model::our_links(facts.links);
  now.state.neighbours = ports.neighbours.read();
  now.firewall_unread =
      !answered("firewall", now.findings, [&] { read(ports, Neighbour::kFirewall, desired, now); });
  observe_routes(ports.routes, desired, now.state, facts);
  if (desired.docker) observe_docker(ports, desired, saved, facts, now);
  observe_networks(ports.docker, desired, saved, facts, now);
  return now;
}

}  // namespace overland::reconcile
