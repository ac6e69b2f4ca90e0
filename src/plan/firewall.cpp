// The firewall: one policy, written as a whole.

#include <iterator>

#include "plan/nouns.h"

namespace overland::plan {
namespace {

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

/// What stays trusted while nothing may be pruned: the old prefixes and links beside the new. Where
/// the inventory is in doubt, this host's own containers too.
void keep_trusted(FirewallPolicy& wanted, const FirewallPolicy& actual, bool doubted) {
  if (doubted) {
    unite(wanted.local, actual.local);
    unite(wanted.bridges, actual.bridges);
  }
  unite(wanted.peer_subnets, actual.peer_subnets);
  unite(wanted.peer_hosts, actual.peer_hosts);
  unite(wanted.transit, actual.transit);
  unite(wanted.underlay_links, actual.underlay_links);
  for (const auto& out : actual.masquerades) {
    const bool known = std::any_of(wanted.masquerades.begin(), wanted.masquerades.end(),
                                   [&](const auto& one) { return one.link == out.link; });
    if (!known) wanted.masquerades.push_back(out);
  }
  std::sort(wanted.masquerades.begin(), wanted.masquerades.end());
}

void advise(const model::FirewallFacts& facts, std::vector<model::Finding>& findings) {
  if (facts.docker_user_cut) {
    findings.push_back(
        {model::Severity::kAdvice, "firewall",
         "no rule of chain FORWARD leads to DOCKER-USER, so what stands there counts "
         "for nothing; overland's accepts stand in FORWARD itself",
         "if Docker's rules were flushed, restart Docker to have them back"});
  }
  if (facts.both_variants) {
    findings.push_back({model::Severity::kAdvice, "firewall",
                        "rules stand both in legacy and in nf_tables tables; a packet has to pass "
                        "both",
                        "remove those of the variant Docker does not use"});
  }
}

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
  if (from.bridges != to.bridges) note(lines, "bridges: " + join(to.bridges, ", "));
  if (from.underlay_links != to.underlay_links) {
    note(lines, "underlay links: " + join(to.underlay_links, ", "));
  }
  if (from.masquerades != to.masquerades) note(lines, "masquerade differs");
  return join(lines, "\n");
}

}  // namespace

void plan_firewall(const Look& look, Plan& plan) {
  if (look.desired.firewall) advise(look.facts.firewall, plan.findings);
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
    if (wanted != *look.desired.firewall) {
      plan.held.emplace_back(FirewallStep{wanted, look.desired.firewall});
    }
  }
  if (actual == wanted && look.observed.defects.empty()) return;
  plan.steps.emplace_back(FirewallStep{actual, std::move(wanted), look.observed.defects});
}

Words words_of(const FirewallStep& step) { return {"firewall", differences(step)}; }

}  // namespace overland::plan
