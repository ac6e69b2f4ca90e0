// What a change of the firewall says of itself.

#include <iterator>

#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::FirewallGuard;
using model::FirewallPolicy;
using model::Prefix;

using List = std::optional<std::vector<Prefix>>;

/// "peer subnets +10.0.0.7/32 -… and 3 more": how a list of prefixes changes; empty where it does
/// not.
std::string list_change(const char* name, const std::vector<Prefix>& from,
                        const std::vector<Prefix>& to) {
  std::vector<Prefix> added;
  std::vector<Prefix> removed;
  std::set_difference(to.begin(), to.end(), from.begin(), from.end(), std::back_inserter(added));
  std::set_difference(from.begin(), from.end(), to.begin(), to.end(), std::back_inserter(removed));
  if (added.empty() && removed.empty()) return {};
  constexpr std::size_t kShown = 4;
  std::vector<std::string> shown;
  for (const auto& prefix : added) {
    if (shown.size() < kShown) shown.push_back("+" + prefix.to_string());
  }
  for (const auto& prefix : removed) {
    if (shown.size() < kShown) shown.push_back("-" + prefix.to_string());
  }
  const std::size_t rest = added.size() + removed.size() - shown.size();
  std::string text = std::string(name) + " " + join(shown, " ");
  if (rest > 0) text += " and " + std::to_string(rest) + " more";
  return text;
}

void note(std::vector<std::string>& lines, std::string line) {
  if (!line.empty()) lines.push_back(std::move(line));
}

/// A link that believes all of a list changes with it, which is said once.
void ingress_changes(const FirewallPolicy& from, const FirewallPolicy& to,
                     std::vector<std::string>& lines) {
  const auto names = [](const FirewallPolicy& policy) {
    std::vector<std::string> links;
    for (const auto& one : policy.ingress) links.push_back(one.link);
    return links;
  };
  if (names(from) != names(to)) note(lines, "underlay links: " + join(names(to), ", "));
  for (const auto& now : to.ingress) {
    const auto old = std::find_if(from.ingress.begin(), from.ingress.end(),
                                  [&](const auto& one) { return one.link == now.link; });
    if (old == from.ingress.end() || *old == now) continue;
    const auto change = [&](const char* name, const List& was, const std::vector<Prefix>& all_was,
                            const List& is, const std::vector<Prefix>& all) {
      if (was == is) return;
      const std::string text = now.link + " believes " + name;
      note(lines, list_change(text.c_str(), believed(was, all_was), believed(is, all)));
    };
    change("peer subnets", old->subnets, from.peer_subnets, now.subnets, to.peer_subnets);
    change("peer hosts", old->hosts, from.peer_hosts, now.hosts, to.peer_hosts);
    change("transit", old->transit, from.transit, now.transit, to.transit);
    change("namesakes", old->closed, model::closed_peers(from), now.closed,
           model::closed_peers(to));
  }
}

std::string guard_change(FirewallGuard from, FirewallGuard to) {
  const auto name = [](FirewallGuard guard) {
    switch (guard) {
      case FirewallGuard::kForwardPolicy:
        return "policy DROP of FORWARD";
      case FirewallGuard::kChain:
        return "chain guard";
      case FirewallGuard::kNone:
        break;
    }
    return "none";
  };
  return std::string("guard: ") + name(from) + " -> " + name(to);
}

void own_changes(const FirewallPolicy& from, const FirewallPolicy& to,
                 std::vector<std::string>& lines) {
  if (from.bridges == to.bridges && from.local == to.local && from.behind != to.behind) {
    note(lines, "which subnets are behind which bridge differs");
  }
  const auto links = [](const auto& list) {
    std::vector<std::string> names;
    for (const auto& one : list) names.push_back(one.link);
    return names.empty() ? "none" : join(names, ", ");
  };
  const auto peers = list_change("namesakes", model::closed_peers(from), model::closed_peers(to));
  note(lines, peers);
  if (from.closed != to.closed && peers.empty()) {
    note(lines, "closed networks: " + links(to.closed));
  }
  if (from.joins != to.joins) {
    std::vector<std::string> pairs;
    for (const auto& one : to.joins) pairs.push_back(one.one.link + " and " + one.other.link);
    note(lines, "joined: " + (pairs.empty() ? "none" : join(pairs, ", ")));
  }
  if (from.arp_guards != to.arp_guards) {
    note(lines, "ARP answered for containers alone: " + links(to.arp_guards));
  }
  if (from.ipvlan_guards != to.ipvlan_guards) {
    note(lines, "strangers kept from ipvlan containers: " + links(to.ipvlan_guards));
  }
}

/// Of each peer where its tunnel ends; what it may bring is told as peer subnets already.
std::string tunnel_change(const std::optional<model::Tunnel>& from,
                          const std::optional<model::Tunnel>& to) {
  if (from == to) return {};
  if (!to) return "no tunnel";
  const auto ends = [](const std::optional<model::Tunnel>& tunnel) {
    std::vector<Prefix> all;
    if (!tunnel) return all;
    for (const auto& sender : tunnel->senders) all.emplace_back(sender.outer, 32);
    return all;
  };
  const bool same =
      from && from->link == to->link && from->vni == to->vni && from->port == to->port;
  const auto senders = list_change("senders", ends(from), ends(to));
  if (same && !senders.empty()) return "tunnel: " + senders;
  if (same) return "tunnel: what senders may bring";
  return "tunnel: VXLAN " + std::to_string(to->vni) + " on UDP port " + std::to_string(to->port) +
         (senders.empty() ? "" : ", " + senders);
}

std::string counts(const FirewallPolicy& policy) {
  return std::to_string(policy.local.size()) + " local, " +
         std::to_string(policy.peer_subnets.size()) + " peer subnets, " +
         std::to_string(policy.peer_hosts.size()) + " peer hosts" +
         (policy.transit.empty() ? "" : ", " + std::to_string(policy.transit.size()) + " transit");
}

std::string differences(const FirewallStep& step) {
  if (!step.from || !step.to) return counts(step.to ? *step.to : *step.from);
  const FirewallPolicy& from = *step.from;
  const FirewallPolicy& to = *step.to;
  std::vector<std::string> lines = step.defects;
  note(lines, list_change("local", from.local, to.local));
  note(lines, list_change("peer subnets", from.peer_subnets, to.peer_subnets));
  note(lines, list_change("peer hosts", from.peer_hosts, to.peer_hosts));
  note(lines, list_change("transit", from.transit, to.transit));
  if (from.variant != to.variant) note(lines, "moves to the other iptables variant");
  if (from.anchor != to.anchor) note(lines, "accepts move to another chain");
  if (from.mark != to.mark) note(lines, "another mark");
  if (from.conntrack != to.conntrack) note(lines, to.conntrack ? "conntrack on" : "conntrack off");
  if (from.guard != to.guard) note(lines, guard_change(from.guard, to.guard));
  if (from.bridges != to.bridges) note(lines, "bridges: " + join(to.bridges, ", "));
  note(lines, tunnel_change(from.tunnel, to.tunnel));
  own_changes(from, to, lines);
  ingress_changes(from, to, lines);
  if (from.direct_drop != to.direct_drop) {
    note(lines, to.direct_drop ? "Docker's drop of direct traffic is stood in for"
                               : "Docker's own drop of direct traffic counts");
  }
  if (from.stops_forgers != to.stops_forgers) {
    note(lines, to.stops_forgers ? "containers cannot send as other hosts"
                                 : "containers can send as other hosts");
  } else if (from.others != to.others) {
    note(lines, list_change("other hosts", believed(from.others, from.peer_hosts),
                            believed(to.others, to.peer_hosts)));
  }
  if (from.masquerades != to.masquerades) note(lines, "masquerade differs");
  return join(lines, "\n");
}

}  // namespace

Words words_of(const FirewallStep& step) { return {"firewall", differences(step)}; }

}  // namespace overland::plan
