// The firewall: one policy, written as a whole.

#include <utility>

#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::FirewallGuard;
using model::FirewallPolicy;
using model::Prefix;

void unite(std::vector<Prefix>& into, const std::vector<Prefix>& more) {
  into.insert(into.end(), more.begin(), more.end());
  into = model::aggregate(std::move(into));
}

void unite(std::vector<std::string>& into, const std::vector<std::string>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

using List = std::optional<std::vector<Prefix>>;

/// What a link believes of a list, `all` of which was or is in force. None of its own where that
/// is all of `both`.
void unite(List& into, const std::vector<Prefix>& all, const List& more,
           const std::vector<Prefix>& all_of_more, const std::vector<Prefix>& both) {
  if (!into && !more) return;
  std::vector<Prefix> list = believed(into, all);
  unite(list, believed(more, all_of_more));
  into.reset();
  if (list != both) into = std::move(list);
}

/// Every link goes on believing whom it did. `before` is what is wanted without that, `wanted` has
/// the lists of both.
void keep_believed(FirewallPolicy& wanted, const FirewallPolicy& before,
                   const FirewallPolicy& actual) {
  const auto entry_of = [](const std::vector<model::Ingress>& entries, const std::string& link) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const auto& one) { return one.link == link; });
    if (found != entries.end()) return *found;
    return model::Ingress{link, std::vector<Prefix>(), std::vector<Prefix>(), std::vector<Prefix>(),
                          std::vector<Prefix>()};
  };
  const auto closed_before = model::closed_peers(before);
  const auto closed_actual = model::closed_peers(actual);
  const auto closed_wanted = model::closed_peers(wanted);
  std::vector<std::string> links;
  for (const auto& one : before.ingress) links.push_back(one.link);
  for (const auto& one : actual.ingress) links.push_back(one.link);
  unite(links, {});
  wanted.ingress.clear();
  for (const std::string& link : links) {
    model::Ingress one = entry_of(before.ingress, link);
    const model::Ingress old = entry_of(actual.ingress, link);
    unite(one.subnets, before.peer_subnets, old.subnets, actual.peer_subnets, wanted.peer_subnets);
    unite(one.hosts, before.peer_hosts, old.hosts, actual.peer_hosts, wanted.peer_hosts);
    unite(one.transit, before.transit, old.transit, actual.transit, wanted.transit);
    unite(one.closed, closed_before, old.closed, closed_actual, closed_wanted);
    wanted.ingress.push_back(std::move(one));
  }
}

/// Of two lists, those of `more` whose link `into` lacks; where both have it, `meet` is told.
template <typename T, typename Meet>
void unite_by_link(std::vector<T>& into, const std::vector<T>& more, bool add, Meet meet) {
  for (const T& one : more) {
    const auto same = std::find_if(into.begin(), into.end(),
                                   [&](const T& other) { return other.link == one.link; });
    if (same != into.end()) {
      meet(*same, one);
    } else if (add) {
      into.push_back(one);
    }
  }
  std::sort(into.begin(), into.end());
}

/// This host's own containers, where the inventory is in doubt.
void keep_own(FirewallPolicy& wanted, const FirewallPolicy& actual) {
  auto behind = model::behind_each(wanted);
  unite_by_link(behind, model::behind_each(actual), true,
                [](auto& into, const auto& more) { unite(into.subnets, more.subnets); });
  unite(wanted.local, actual.local);
  unite(wanted.bridges, actual.bridges);
  wanted.behind = behind.size() > 1 ? std::move(behind) : std::vector<model::Behind>();
  wanted.joins.insert(wanted.joins.end(), actual.joins.begin(), actual.joins.end());
  std::sort(wanted.joins.begin(), wanted.joins.end());
  wanted.joins.erase(std::unique(wanted.joins.begin(), wanted.joins.end()), wanted.joins.end());
}

/// What peers that stay for now may bring.
void keep_senders(FirewallPolicy& wanted, const FirewallPolicy& actual) {
  if (!actual.tunnel) return;
  if (!wanted.tunnel) {
    wanted.tunnel = actual.tunnel;
    return;
  }
  auto& senders = wanted.tunnel->senders;
  for (const auto& old : actual.tunnel->senders) {
    const auto place =
        std::ranges::lower_bound(senders, old.outer, {}, &model::Tunnel::Sender::outer);
    if (place != senders.end() && place->outer == old.outer) {
      unite(place->inner, old.inner);
    } else {
      senders.insert(place, old);
    }
  }
}

/// What stays trusted while nothing may be pruned: the old prefixes and links beside the new. Where
/// the inventory is in doubt, this host's own containers too.
void keep_trusted(FirewallPolicy& wanted, const FirewallPolicy& actual, bool doubted) {
  const FirewallPolicy before = wanted;
  if (doubted) keep_own(wanted, actual);
  unite_by_link(wanted.closed, actual.closed, doubted,
                [](auto& into, const auto& more) { unite(into.peers, more.peers); });
  unite(wanted.peer_subnets, actual.peer_subnets);
  unite(wanted.peer_hosts, actual.peer_hosts);
  unite(wanted.transit, actual.transit);
  keep_senders(wanted, actual);
  keep_believed(wanted, before, actual);
  if (wanted.stops_forgers) {
    std::vector<Prefix> others = believed(before.others, before.peer_hosts);
    if (actual.stops_forgers) unite(others, believed(actual.others, actual.peer_hosts));
    wanted.others.reset();
    if (others != wanted.peer_hosts) wanted.others = std::move(others);
  }
  for (auto& guard : wanted.ipvlan_guards) {
    const auto old = std::ranges::find_if(actual.ipvlan_guards, [&](const auto& one) {
      return one.link == guard.link && one.own == guard.own;
    });
    if (old != actual.ipvlan_guards.end()) unite(guard.trusted, old->trusted);
  }
  for (const auto& out : actual.masquerades) {
    const bool known = std::any_of(wanted.masquerades.begin(), wanted.masquerades.end(),
                                   [&](const auto& one) { return one.link == out.link; });
    if (!known) wanted.masquerades.push_back(out);
  }
  std::sort(wanted.masquerades.begin(), wanted.masquerades.end());
}

void advise(const Look& look, std::vector<model::Finding>& findings) {
  const model::FirewallFacts& facts = look.facts.firewall;
  const bool guarded = look.desired.firewall->guard != FirewallGuard::kNone;
  if (guarded && look.facts.forwarding == model::Forwarding::kForgotten) {
    findings.push_back({model::Severity::kAdvice, "memory",
                        "rules of overland stand, and it has lost the memory of who turned "
                        "forwarding on; it drops what nobody lets through as if it had done so",
                        "where forwarding was on before, write firewall.guard = \"off\""});
  }
  if (facts.docker_user_cut) {
    findings.push_back(
        {model::Severity::kAdvice, "firewall",
         "no rule of chain FORWARD leads to DOCKER-USER, so what stands there counts for cluster "
         "traffic alone, which overland leads there",
         "if Docker's rules were flushed, restart Docker to have them back"});
  }
  if (facts.docker_tables_gone) {
    findings.push_back({model::Severity::kAdvice, "firewall",
                        "Docker runs with its nftables backend, and its table ip docker-bridges is "
                        "gone: published ports and its own isolation are gone with it",
                        "restart Docker to have it back"});
  }
  if (facts.both_variants) {
    findings.push_back({model::Severity::kAdvice, "firewall",
                        "rules stand both in legacy and in nf_tables tables; a packet has to pass "
                        "both",
                        "remove those of the variant Docker does not use"});
  }
}

}  // namespace

void keep_guards(const Look& look, Plan& plan) {
  const auto stays = [&](const model::IpvlanGuard& guard) {
    return look.observed.networks_unread || std::ranges::any_of(plan.held, [&](const Step& step) {
             const auto* network = std::get_if<NetworkStep>(&step);
             return network != nullptr && network->from && network->from->subnet == guard.own;
           });
  };
  for (auto step = plan.steps.begin(); step != plan.steps.end(); ++step) {
    auto* firewall = std::get_if<FirewallStep>(&*step);
    if (firewall == nullptr || !firewall->from || !firewall->to) continue;
    auto& wanted = firewall->to->ipvlan_guards;
    for (const auto& guard : firewall->from->ipvlan_guards) {
      const bool there = std::ranges::any_of(
          wanted, [&](const auto& one) { return one.link == guard.link && one.own == guard.own; });
      if (!there && stays(guard)) wanted.push_back(guard);
    }
    std::ranges::sort(wanted);
    if (firewall->to == firewall->from && firewall->defects.empty()) plan.steps.erase(step);
    return;
  }
}

void plan_firewall(const Look& look, Plan& plan) {
  if (look.desired.firewall) advise(look, plan.findings);
  if (look.observed.firewall_unread) return;
  const auto& actual = look.observed.state.firewall;
  if (!look.desired.firewall) {
    FirewallStep removal{actual, std::nullopt};
    if (actual) place(removal, look, plan).emplace_back(removal);
    return;
  }
  FirewallPolicy wanted = *look.desired.firewall;
  if (!look.options.prune && actual) {
    keep_trusted(wanted, *actual, !look.options.held_reason.empty());
  }
  const auto& without = look.options.pruned_firewall;
  const FirewallPolicy& pruned = without ? *without : *look.desired.firewall;
  if (wanted != pruned) plan.held.emplace_back(FirewallStep{wanted, pruned});
  if (actual == wanted && look.observed.defects.empty()) return;
  plan.steps.emplace_back(FirewallStep{actual, std::move(wanted), look.observed.defects});
}

}  // namespace overland::plan
