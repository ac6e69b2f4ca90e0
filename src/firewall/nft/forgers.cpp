#include "firewall/nft/forgers.h"

#include "firewall/nft/matches.h"
#include "firewall/nft/own.h"
#include "firewall/nft/tunnel.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

constexpr const char* kBridged = "bridged";
constexpr const char* kForged = "forged";

/// Before filter FORWARD, as "masqueraded" is.
Chain bridged(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain(kBridged, "filter", "forward", -10);
  result.rules = tunnels_in_bridges(policy, lists);
  Statements rule;
  // Spares the containers on Docker's bridge all that follows.
  if (!policy.local.empty()) rule.emplace_back(negated(local_is(Field::kSource, policy.local)));
  rule.emplace_back(Match{Field::kInKind, "bridge"});
  for (const Group& group : lists.groups) rule.emplace_back(negated(group.arrives()));
  rule.emplace_back(Verdict{Verdict::kJump, kForged});
  result.rules.push_back(std::move(rule));
  return result;
}

/// Not what lies behind the link it came by: a bridge that still has a subnet the inventory gives
/// to a peer, a peer that is a virtual machine here. Nor what stays among bridges that are none of
/// ours: what one of them switches looks so, too.
Chain forged(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = {kForged, "", "", 0, "", {}};
  result.rules.push_back({Action::kFromItsOwn, Verdict{Verdict::kReturn}});
  Statements elsewhere = {Match{Field::kOutKind, "bridge"},
                          negated(is_one_of(Field::kOutLink, "bridges", policy.bridges))};
  for (Statement& one : to_none_closed(policy)) elsewhere.push_back(std::move(one));
  for (const Group& group : lists.groups) {
    elsewhere.emplace_back(negated(is_one_of(Field::kOutLink, group.set, group.links)));
  }
  elsewhere.emplace_back(Verdict{Verdict::kReturn});
  result.rules.push_back(std::move(elsewhere));
  for (const auto* list :
       {&lists.peer_subnets, lists.others ? &*lists.others : &lists.peer_hosts}) {
    for (const Match& from : among(Field::kSource, *list)) {
      result.rules.push_back({from, Action::kCounter, Verdict{Verdict::kDrop}});
    }
  }
  return result;
}

}  // namespace

std::vector<Chain> forger_chains(const FirewallPolicy& policy, const Lists& lists) {
  if (!policy.stops_forgers) return {};
  return {bridged(policy, lists), forged(policy, lists)};
}

bool stops_forgers(const Table& table) { return table.chain(kForged) != nullptr; }

}  // namespace overland::firewall::nft
