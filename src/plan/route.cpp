// Routes of ours, and those of others that stand where ours shall.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "plan/diff.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::ForeignRoute;
using model::HostState;
using model::Prefix;
using model::Severity;

/// The names rtnetlink(7) and iproute2's rt_protos give the protocols met most often.
std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 2:
      return "kernel";
    case 3:
      return "boot";
    case 4:
      return "static";
    case 16:
      return "dhcp";
    case 186:
      return "bgp";
    case 188:
      return "ospf";
    default:
      return std::to_string(protocol);
  }
}

std::string show(const ForeignRoute& route) {
  std::string text = route.destination.to_string();
  for (const auto& gateway : route.gateways) text += " via " + gateway.to_string();
  if (!route.link.empty()) text += " dev " + route.link;
  text += " proto " + protocol_name(route.protocol);
  if (route.metric != 0) text += " metric " + std::to_string(route.metric);
  return text;
}

bool leads_nowhere(const model::Route& route) {
  return route.kind == model::RouteKind::kUnreachable;
}

/// The kernel's own, which comes and goes with an address of the link: without it this host does
/// not reach what is behind it.
bool is_of_an_address(const ForeignRoute& route) {
  return route.protocol == 2 && route.gateways.empty() && !route.link.empty();
}

/// Of the bridge of a network that overland made, which is held, or about to change.
bool is_of_our_network(const Look& look, const ForeignRoute& route) {
  const auto& networks = look.facts.docker.networks;
  return is_of_an_address(route) &&
         std::any_of(networks.begin(), networks.end(),
                     [&](const auto& one) { return one.ours && one.link == route.link; });
}

void foreign_routes(const Look& look, Plan& plan) {
  for (const auto& foreign : look.facts.foreign_routes) {
    if (is_of_our_network(look, foreign)) continue;
    const std::string name = "route " + foreign.destination.to_string();
    if (route_to(look.desired, foreign.destination) == nullptr) {
      plan.findings.push_back(
          {Severity::kConflict, name,
           "somebody else's more specific route shadows part of a peer's subnet: " + show(foreign),
           "move what uses that subnet elsewhere, or remove the route"});
    } else if (is_of_an_address(foreign)) {
      plan.findings.push_back({Severity::kConflict, name,
                               "somebody else's route holds it: " + show(foreign) +
                                   ", which belongs to an address of that link",
                               "move that network, or restart Docker where its new bip is due"});
    } else if (look.options.adopt) {
      plan.steps.emplace_back(AdoptStep{foreign});
    } else {
      plan.findings.push_back({Severity::kConflict, name,
                               "somebody else's route holds it: " + show(foreign),
                               "remove it (ip route del " + show(foreign) +
                                   ") or let overland take it over with --adopt"});
    }
  }
}

/// Without the next hops that are not on-link now: the kernel would refuse the whole route.
/// nullopt where none is left.
std::optional<model::Route> reachable(model::Route route, const model::HostFacts& facts) {
  if (leads_nowhere(route) || route.link) return route;
  std::erase_if(route.gateways, [&](const auto& gateway) {
    return std::binary_search(facts.unreachable.begin(), facts.unreachable.end(), gateway);
  });
  if (route.gateways.empty()) return std::nullopt;
  return route;
}

Words foreign_words(const model::ForeignRoute& route, const char* what) {
  std::string text = what + std::to_string(route.protocol);
  for (const auto& gateway : route.gateways) text += ", via " + gateway.to_string();
  return {"foreign route " + route.destination.to_string(), text};
}

/// What --prune would take away of routes to what hosts had before their bip changed.
void hold_routes(const Look& look, Plan& plan) {
  for (const auto& held : look.options.held_subnets) {
    const model::Route* route = route_to(look.desired, held.subnet);
    if (route != nullptr) plan.held.emplace_back(RouteStep{*route, std::nullopt});
  }
}

/// Those by the tunnel that stay while it is made anew, and have no step of their own.
void enter_again(const Look& look, Plan& plan) {
  const auto key = [](const model::Route& route) {
    return std::pair(route.destination, route.metric);
  };
  for (const auto& one : look.observed.state.routes) {
    if (!one.link || *one.link != model::kTunnelLink) continue;
    const auto wanted = std::ranges::lower_bound(look.desired.routes, key(one), {}, key);
    const bool goes = wanted == look.desired.routes.end() || key(*wanted) != key(one);
    if (goes ? look.options.prune : *wanted != one) continue;
    plan.steps.emplace_back(RouteStep{one, one});
  }
}

}  // namespace

void plan_routes(const Look& look, Plan& plan) {
  hold_routes(look, plan);
  foreign_routes(look, plan);
  if (!look.facts.diversions.empty()) find_diversions(look, plan.findings);
  std::vector<Prefix> taken;
  for (const auto& foreign : look.facts.foreign_routes) {
    if (!look.options.adopt || is_of_an_address(foreign)) taken.push_back(foreign.destination);
  }
  std::sort(taken.begin(), taken.end());
  const auto& actual = look.observed.state.routes;
  const auto& desired = look.desired.routes;
  if (desired.size() > actual.size()) {  // so many are missing at least
    plan.steps.reserve(plan.steps.size() + desired.size() - actual.size());
  }
  const bool tunnel_missing = tunnel_waits(look);
  const auto key = [](const model::Route& route) {
    return std::pair(route.destination, route.metric);
  };
  keyed_diff(actual, desired, key, [&](RouteStep change) {
    if (tunnel_missing && change.to && change.to->link && *change.to->link == model::kTunnelLink) {
      return;
    }
    if (change.to && !look.facts.unreachable.empty()) {
      change.to = reachable(std::move(*change.to), look.facts);
      if (!change.to || (change.from && *change.from == *change.to)) return;
    }
    const bool held_by_others =
        !change.from && !leads_nowhere(*change.to) &&
        std::binary_search(taken.begin(), taken.end(), change.to->destination);
    if (!held_by_others) place(change, look, plan).emplace_back(std::move(change));
  });
  if (tunnel_moves(look)) enter_again(look, plan);
}

Words words_of(const RouteStep& step) {
  const auto& route = step.to ? *step.to : *step.from;
  return {(leads_nowhere(route) ? "fallback " : "route ") + route.destination.to_string(),
          from_to(step, show_gateways)};
}

Words words_of(const AdoptStep& step) {
  return foreign_words(*step.route, "taken over from protocol ");
}

Words words_of(const RestoreStep& step) {
  return foreign_words(*step.route, "given back to protocol ");
}

std::optional<Cover> cover(const RouteStep& step) {
  if (!step.to) return std::nullopt;
  if (leads_nowhere(*step.to)) {
    const auto& subnet = step.to->destination;
    return Cover{"the fallback " + subnet.to_string(), subnet, false, false, true};
  }
  return Cover{"route " + step.to->destination.to_string() + " " + show_gateways(*step.to),
               step.to->destination, bool(step.from), false};
}

std::string show_gateways(const model::Route& route) {
  if (leads_nowhere(route)) return "unreachable";
  if (route.link && route.gateways.empty()) return "dev " + *route.link;
  std::string text = "via ";
  for (std::size_t i = 0; i < route.gateways.size(); ++i) {
    text += (i == 0 ? "" : ", ") + route.gateways[i].to_string();
  }
  if (route.link) text += " dev " + *route.link;
  return text;
}

const model::Route* route_to(const HostState& desired, const Prefix& destination) {
  const auto first = std::lower_bound(
      desired.routes.begin(), desired.routes.end(), destination,
      [](const auto& route, const auto& wanted) { return route.destination < wanted; });
  const bool found =
      first != desired.routes.end() && first->destination == destination && !leads_nowhere(*first);
  return found ? &*first : nullptr;
}

const model::Route* overlapped(const HostState& desired, const Prefix& subnet) {
  const auto found =
      std::find_if(desired.routes.begin(), desired.routes.end(), [&](const auto& route) {
        return !leads_nowhere(route) && subnet.overlaps(route.destination);
      });
  return found == desired.routes.end() ? nullptr : &*found;
}

}  // namespace overland::plan
