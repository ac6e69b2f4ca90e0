#include "firewall/nft/ways_out.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "firewall/nft/matches.h"
#include "firewall/nft/own.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using model::Masquerade;

/// NF_CT_STATE_BIT of linux/netfilter/nf_conntrack_common.h.
constexpr std::uint32_t kEstablishedOrRelated = 1U << 1U | 1U << 2U;

constexpr const char* kBelieved = "believed";

/// What of `entry` is on its way out of the cluster.
Statements leaving(const Masquerade& entry, const FirewallPolicy& policy, const Lists& lists) {
  Statements rule = {Match{Field::kOutLink, entry.link},
                     Match{Field::kSource, ranges_of(entry.sources)},
                     negated(local_is(Field::kDestination, policy.local))};
  for (Statement& one : not_for_closed(policy)) rule.push_back(std::move(one));
  for (const auto* list : {&lists.transit, &lists.peer_subnets, &lists.peer_hosts}) {
    for (const Match& one : among(Field::kDestination, *list)) rule.emplace_back(negated(one));
  }
  return rule;
}

/// A packet with the source of somebody who cannot have sent it by that link is not ours.
Chain believed_out(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = {kBelieved, "", "", 0, "", {}};
  for (const Group& group : lists.groups) {
    for (const Match& from : senders(group, &Group::transit, lists.transit)) {
      result.rules.push_back({group.arrives(), from, Action::kCounter, set_mark(policy.mark)});
    }
  }
  return result;
}

/// Only what was let through, and what is the router's own: nobody else becomes us.
Chain masquerade(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain("masquerade", "nat", "postrouting", 90);
  for (const Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty() || !entry.translated) continue;
    Statements rule = {marked(policy.mark)};
    for (Statement& one : leaving(entry, policy, lists)) rule.push_back(std::move(one));
    rule.emplace_back(Action::kCounter);
    rule.emplace_back(Action::kMasquerade);
    result.rules.push_back(std::move(rule));
  }
  return result;
}

/// What the router itself sends from one of its addresses within.
Chain sent_out(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain("sent-out", "filter", "output", -10);
  for (const Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty() || !entry.translated) continue;
    Statements rule = leaving(entry, policy, lists);
    rule.emplace_back(Action::kCounter);
    rule.emplace_back(set_mark(policy.mark));
    result.rules.push_back(std::move(rule));
  }
  return result;
}

/// Before filter FORWARD, whose policy may be DROP and whose anchor matches the mark.
Chain masqueraded_out(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = base_chain("masqueraded", "filter", "forward", -10);
  for (const Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty()) continue;
    Statements out = leaving(entry, policy, lists);
    out.emplace_back(Verdict{Verdict::kJump, kBelieved});
    result.rules.push_back(std::move(out));
    result.rules.push_back({Match{Field::kInLink, entry.link},
                            Match{Field::kState, 0U, true, kEstablishedOrRelated},
                            Match{Field::kDestination, ranges_of(entry.sources)}, Action::kCounter,
                            set_mark(policy.mark)});
  }
  return result;
}

/// What the first plain match of `field` compares with; null where there is none.
const Value* matched(const Statements& rule, Field field) {
  for (const Statement& statement : rule) {
    const auto* match = std::get_if<Match>(&statement);
    if (match != nullptr && match->field == field && !match->negated && match->mask == UINT32_MAX) {
      return &match->value;
    }
  }
  return nullptr;
}

/// The links and sources of the rules for what leaves.
std::vector<Masquerade> leaving_in(const Table& table, std::string_view name) {
  std::vector<Masquerade> result;
  const Chain* chain = table.chain(name);
  if (chain == nullptr) return result;
  for (const Statements& rule : chain->rules) {
    const auto* link = std::get_if<std::string>(matched(rule, Field::kOutLink));
    const Value* sources = matched(rule, Field::kSource);
    if (link == nullptr || sources == nullptr) continue;
    const auto* ranges = std::get_if<std::vector<Range>>(sources);
    result.push_back(
        {*link, ranges == nullptr ? std::vector<model::Prefix>() : prefixes_of(*ranges)});
  }
  return result;
}

}  // namespace

std::vector<Chain> ways_out(const FirewallPolicy& policy, const Lists& lists) {
  if (policy.masquerades.empty()) return {};
  std::vector<Chain> chains = {believed_out(policy, lists), masqueraded_out(policy, lists)};
  if (std::any_of(policy.masquerades.begin(), policy.masquerades.end(),
                  [](const Masquerade& entry) { return entry.translated; })) {
    chains.push_back(masquerade(policy, lists));
    chains.push_back(sent_out(policy, lists));
  }
  return chains;
}

std::vector<Masquerade> masquerades_in(const Table& table) {
  const std::vector<Masquerade> translated = leaving_in(table, "masquerade");
  std::vector<Masquerade> result = translated;
  for (Masquerade& entry : leaving_in(table, "masqueraded")) {
    if (std::any_of(translated.begin(), translated.end(),
                    [&](const Masquerade& one) { return one.link == entry.link; })) {
      continue;
    }
    entry.translated = false;
    result.push_back(std::move(entry));
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace overland::firewall::nft
