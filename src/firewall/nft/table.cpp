#include "firewall/nft/table.h"

#include <algorithm>

#include "base/error.h"
#include "firewall/nft/direct.h"
#include "firewall/nft/forgers.h"
#include "firewall/nft/groups.h"
#include "firewall/nft/hull.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/own.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/tunnel.h"
#include "firewall/nft/ways_out.h"
#include "firewall/printable.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// What is asked of every packet, whoever sends it.
std::vector<Statements> asked_of_all(const FirewallPolicy& policy) {
  std::vector<Statements> rules = by_tunnel(policy);
  // The mark is worth an accept, so nothing may bring it along: IPsec keeps the mark of the outer
  // packet, a tc filter or a veth within the namespace may set one.
  rules.push_back({marked(policy.mark), Action::kCounter, MarkChange{~policy.mark, 0}});
  for (Statements& rule : around_tunnelled(policy)) rules.push_back(std::move(rule));
  for (Statements& rule : outside_rules(policy)) rules.push_back(std::move(rule));
  return rules;
}

/// Before raw (-300), where Docker drops, and before connection tracking (-200). Without connection
/// tracking both directions between bridge subnets are untracked, or it would see half of a flow.
/// One chain for all that is asked there: each more costs every packet as much as ten rules.
Chain trusted_in(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain("trusted-in", "filter", "prerouting", -310);
  result.rules = asked_of_all(policy);
  const auto own = from_own(policy);
  const auto rule = [&](Statements statements, bool tracked) {
    trust(statements, policy, tracked);
    result.rules.push_back(std::move(statements));
  };
  // What is cheaper to ask stands first.
  const auto arriving = [&](const std::vector<AddressSet>& all, GroupList theirs, bool tracked) {
    const Match to = local_is(Field::kDestination, policy.local);
    for (const Group& group : lists.groups) {
      for (const Match& from : senders(group, theirs, all)) {
        rule({to, group.arrives(), from}, tracked);
      }
    }
  };
  const auto leaving = [&](const std::vector<AddressSet>& peers, bool tracked) {
    for (const Statements& from : own) {
      for (const Match& to : among(Field::kDestination, peers)) {
        Statements statements = from;
        statements.emplace_back(to);
        rule(std::move(statements), tracked);
      }
    }
  };
  const auto crossing = [&](const std::vector<AddressSet>& all, GroupList theirs, bool tracked) {
    for (const Group& group : lists.groups) {
      for (const Match& from : senders(group, theirs, all)) {
        for (const Match& to : among(Field::kDestination, all)) {
          rule({group.arrives(), from, to}, tracked);
        }
      }
    }
  };
  arriving(lists.peer_subnets, &Group::subnets, policy.conntrack);
  arriving(lists.peer_hosts, &Group::hosts, true);
  leaving(lists.peer_subnets, policy.conntrack);
  leaving(lists.peer_hosts, true);
  if (!policy.transit.empty()) {
    if (!policy.conntrack) crossing(lists.peer_subnets, &Group::subnets, false);
    crossing(lists.transit, &Group::transit, true);
  }
  for (Statements& jump : own_jumps(policy)) result.rules.push_back(std::move(jump));
  return result;
}

/// Before Docker's MASQUERADE (srcnat, 100), whatever stands first in there: a source translated to
/// itself is translated, so that nobody after us does it again.
Chain keep_source(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain("keep-source", "nat", "postrouting", 90);
  for (const auto* peers : {&lists.peer_subnets, &lists.peer_hosts}) {
    for (const Match& to : among(Field::kDestination, *peers)) {
      result.rules.push_back({marked(policy.mark), local_is(Field::kSource, policy.local), to,
                              Action::kCounter, Action::kKeepSource});
    }
  }
  for (Statements& rule : own_sources_kept(policy)) result.rules.push_back(std::move(rule));
  return result;
}

/// Behind filter FORWARD: what nobody marked by now is no traffic of the cluster's. Beside Docker's
/// nftables backend what comes from a bridge or goes to one is Docker's to judge, unless that
/// bridge is an underlay link.
Chain guard(const FirewallPolicy& policy, const Lists& lists) {
  constexpr int kBehindFilter = 5;
  Chain result = base_chain(kGuardChain, "filter", "forward", kBehindFilter);
  Statements drop = {Match{Field::kMark, 0U, false, policy.mark}, Action::kCounter,
                     Verdict{Verdict::kDrop}};
  if (policy.anchor == model::FirewallAnchor::kDockerNft) {
    for (const bool in : {true, false}) {
      Statements dockers = {Match{in ? Field::kInKind : Field::kOutKind, "bridge"}};
      for (const Group& group : lists.groups) {
        const Field link = in ? Field::kInLink : Field::kOutLink;
        dockers.emplace_back(negated(is_one_of(link, group.set, group.links)));
      }
      dockers.emplace_back(Verdict{Verdict::kReturn});
      result.rules.push_back(std::move(dockers));
    }
  }
  result.rules.push_back(std::move(drop));
  return result;
}

}  // namespace

bool Chain::same_hook(const Chain& other) const {
  return name == other.name && type == other.type && hook == other.hook &&
         priority == other.priority && policy == other.policy && device == other.device;
}

const Chain* Table::chain(std::string_view of) const {
  const auto found =
      std::find_if(chains.begin(), chains.end(), [&](const Chain& one) { return one.name == of; });
  return found == chains.end() ? nullptr : &*found;
}

std::string made_name(std::string_view table, std::string_view chain_name) {
  std::string name = std::string(kMadePrefix) + std::string(table);
  if (!chain_name.empty()) name += "-" + std::string(chain_name);
  return name;
}

std::string closed_name(model::FirewallVariant variant) {
  return made_name("policy", variant == model::FirewallVariant::kNft ? "nft" : "legacy");
}

void check_link_names(const FirewallPolicy& policy) {
  std::vector<std::string> names = policy.bridges;
  for (const model::Behind& entry : policy.behind) names.push_back(entry.link);
  for (const model::ClosedNetwork& entry : policy.closed) names.push_back(entry.link);
  for (const model::Join& entry : policy.joins) {
    names.push_back(entry.one.link);
    names.push_back(entry.other.link);
  }
  for (const model::ArpGuard& entry : policy.arp_guards) names.push_back(entry.link);
  for (const model::IpvlanGuard& entry : policy.ipvlan_guards) names.push_back(entry.link);
  for (const model::Ingress& entry : policy.ingress) names.push_back(entry.link);
  for (const model::Masquerade& entry : policy.masquerades) names.push_back(entry.link);
  if (policy.tunnel) names.push_back(policy.tunnel->link);
  if (policy.direct_drop) {
    for (const auto& [link, from] : policy.direct_drop->open) {
      names.push_back(link);
      if (!from.empty()) names.push_back(from);
    }
    for (const std::string& link : policy.direct_drop->links) {
      names.push_back(link == model::kDockerLinks ? "br-" : link);
    }
  }
  for (const std::string& name : names) {
    if (name.empty() || name.size() >= kLinkNameSize || name.front() == '@' ||
        name.find_first_of("*\\") != std::string::npos) {
      throw base::Error(
          base::ErrorKind::kInvalid,
          "the link name '" + printable(name) + "' cannot stand in a firewall rule; rename it");
    }
  }
}

Table encode_table(const FirewallPolicy& policy) {
  Lists lists(policy);
  Table table;
  // The sets hold what the policy says even where a rule has it by itself: reading starts from
  // them.
  table.sets = {{"bridges", "ifname", false}, {"local", "ipv4_addr", true}};
  table.elements.names["bridges"] = sorted(policy.bridges);
  table.elements.ranges["local"] = ranges_of(policy.local);

  if (policy.guard == model::FirewallGuard::kChain) table.chains.push_back(guard(policy, lists));
  // A router without bridges has no source to keep, and is spared connection tracking.
  const bool sends = !policy.local.empty() || !policy.closed.empty();
  if (policy.conntrack && sends) table.chains.push_back(keep_source(policy, lists));
  for (Chain& chain : own_chains(policy, lists)) table.chains.push_back(std::move(chain));
  for (Chain& chain : ways_out(policy, lists)) table.chains.push_back(std::move(chain));
  for (Chain& chain : forger_chains(policy, lists)) table.chains.push_back(std::move(chain));
  for (Chain& chain : tunnel_chains(policy, lists)) table.chains.push_back(std::move(chain));
  if (auto chain = direct_chain(policy)) table.chains.push_back(*std::move(chain));
  table.chains.push_back(trusted_in(policy, lists));
  std::sort(table.chains.begin(), table.chains.end(),
            [](const Chain& one, const Chain& other) { return one.name < other.name; });

  add_sets(table, std::move(lists));
  add_own_sets(table, policy);
  add_direct_set(table, policy);
  add_tunnel_sets(table, policy);
  std::sort(table.sets.begin(), table.sets.end());
  return table;
}

Statements anchor_rule(const MarkRule& rule) {
  const Verdict verdict =
      rule.jump.empty() ? Verdict{Verdict::kAccept} : Verdict{Verdict::kJump, rule.jump};
  return {marked(rule.mark), Action::kCounter, verdict};
}

}  // namespace overland::firewall::nft
