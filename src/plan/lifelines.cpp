#include "plan/lifelines.h"

#include <algorithm>

#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::Lifeline;
using model::LifelineKind;
using model::Prefix;

/// Whether the inventory may know better than we where such an address lives.
bool may_move(const Lifeline& lifeline) {
  return lifeline.kind == LifelineKind::kResolver || lifeline.kind == LifelineKind::kSshPeer;
}

std::string describe(const Lifeline& lifeline) {
  std::string text = lifeline.address.to_string();
  const std::string source = " (" + lifeline.source + ")";
  switch (lifeline.kind) {
    case LifelineKind::kOwnAddress:
      return text + ", this machine's own address" + source;
    case LifelineKind::kGateway:
      return text + ", this machine's default gateway" + source;
    case LifelineKind::kResolver:
      return text + ", a name server of this machine" + source;
    case LifelineKind::kSshPeer:
      return text + ", from where the ssh session comes that this runs in" + source;
  }
  return text;
}

std::string correction(bool fallback) {
  return fallback ? "correct the subnet or the pool in the inventory, or write fallback = \"none\" "
                    "in its [cluster]"
                  : "correct the subnet in the inventory";
}

std::string remedy(const Lifeline& lifeline, bool fallback) {
  std::string correct = correction(fallback);
  if (!may_move(lifeline)) return correct;
  return correct + ", or, where that address does live in it, say so with --allow-cover " +
         lifeline.address.to_string();
}

bool contains(const std::vector<Prefix>& prefixes, const model::Address& address) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

/// Whether one of the steps, other than a fallback, covers it.
bool led_by(const std::vector<Step>& steps, const model::Address& address) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    const auto found = std::visit([](const auto& one) { return cover(one); }, step);
    return found && !found->fallback && found->subnet.contains(address);
  });
}

/// Whether a router that forwards already is about to drop what nobody lets through.
const model::FirewallPolicy* closing(const std::vector<Step>& steps) {
  using model::FirewallGuard;
  const model::FirewallPolicy* policy = nullptr;
  for (const auto& step : steps) {
    const auto* sysctl = std::get_if<SysctlStep>(&step);
    if (sysctl != nullptr && sysctl->to->key == model::kIpForward) return nullptr;
    const auto* firewall = std::get_if<FirewallStep>(&step);
    if (firewall == nullptr || !firewall->to || firewall->to->transit.empty()) continue;
    const bool guarded = firewall->from && firewall->from->guard != FirewallGuard::kNone;
    if (!guarded && firewall->to->guard != FirewallGuard::kNone) policy = &*firewall->to;
  }
  return policy;
}

bool lets_through(const model::FirewallPolicy& policy, const model::Address& address) {
  return contains(policy.transit, address) || contains(policy.peer_hosts, address) ||
         contains(policy.peer_subnets, address);
}

/// Sessions of who administers this machine may be forwarded by it, too.
void add_dropped(const std::vector<Step>& steps, const std::vector<Lifeline>& lifelines,
                 std::vector<model::Finding>& findings) {
  const model::FirewallPolicy* policy = closing(steps);
  if (policy == nullptr) return;
  for (const auto& lifeline : lifelines) {
    if (lifeline.kind != LifelineKind::kSshPeer) continue;
    if (lets_through(*policy, lifeline.address)) continue;
    findings.push_back({model::Severity::kRefusal, "lifeline",
                        "the guard would drop what this router forwards for " + describe(lifeline),
                        "where it forwards nothing of it, say so with --allow-cover " +
                            lifeline.address.to_string() +
                            "; else write firewall.guard = \"off\""});
  }
}

}  // namespace

std::vector<model::Finding> severed_lifelines(const std::vector<Step>& steps,
                                              const std::vector<Lifeline>& lifelines,
                                              const std::vector<Prefix>& segments,
                                              const std::vector<Prefix>& led) {
  std::vector<model::Finding> findings;
  for (const auto& step : steps) {
    const auto found = std::visit([](const auto& one) { return cover(one); }, step);
    if (!found) continue;
    // The inventory, or a route of ours that stands, says that the network is there.
    const bool known =
        !found->local && (found->stood || std::find(segments.begin(), segments.end(),
                                                    found->subnet) != segments.end());
    for (const auto& lifeline : lifelines) {
      if (!found->subnet.contains(lifeline.address)) continue;
      if (known && may_move(lifeline)) continue;
      const auto& address = lifeline.address;
      if (found->fallback && (contains(led, address) || led_by(steps, address))) continue;
      model::Finding finding{model::Severity::kRefusal, "lifeline",
                             found->what + " would cover " + describe(lifeline),
                             remedy(lifeline, found->fallback)};
      // daemon.json and the restart that reads it say the same.
      if (std::find(findings.begin(), findings.end(), finding) == findings.end()) {
        findings.push_back(std::move(finding));
      }
    }
  }
  add_dropped(steps, lifelines, findings);
  return findings;
}

std::vector<model::Finding> captured_tunnels(const model::HostState& desired) {
  std::vector<model::Address> ends;
  for (const auto& neighbour : desired.neighbours) ends.push_back(neighbour.outer);
  std::sort(ends.begin(), ends.end());
  std::vector<model::Finding> findings;
  for (const auto& route : desired.routes) {
    // By a router of ours to its segment: the way outer packets take.
    if (route.kind == model::RouteKind::kUnicast && !route.link) continue;
    const auto end = std::lower_bound(ends.begin(), ends.end(), route.destination.network());
    if (end == ends.end() || !route.destination.contains(*end)) continue;
    const auto found = cover(RouteStep{std::nullopt, route});
    const bool led = found->fallback && overlapped(desired, {*end, 32}) != nullptr;
    if (led) continue;
    findings.push_back(
        {model::Severity::kRefusal, "tunnel",
         found->what + " would cover " + end->to_string() + ", where the tunnel to a peer ends",
         correction(found->fallback)});
  }
  return findings;
}

}  // namespace overland::plan
