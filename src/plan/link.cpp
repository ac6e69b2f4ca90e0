// VLAN links, shims and the tunnel of ours.

#include "plan/diff.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

std::string kind(const model::Link& link) {
  if (link.vxlan) return "tunnel";
  return (link.vlan == 0 ? "shim on " : "VLAN " + std::to_string(link.vlan) + " on ") + link.parent;
}

std::string show_address(const model::Link& link) {
  return link.address == model::kNoAddress ? "no address" : link.address.to_string();
}

std::string show_tunnel(const model::Link& link) {
  const model::Vxlan& tunnel = *link.vxlan;
  return "VXLAN " + std::to_string(tunnel.vni) + " from " + tunnel.local.to_string() +
         ", UDP port " + std::to_string(tunnel.port) + ", MTU " + std::to_string(tunnel.mtu) +
         ", " + show_address(link) + (link.up ? ", up" : ", down") +
         (tunnel.as_we_make_it ? "" : ", not as overland makes it");
}

std::string show(const model::Link& link) {
  if (link.vxlan) return show_tunnel(link);
  const std::string what = link.vlan != 0        ? "vlan " + std::to_string(link.vlan)
                           : link.ipvlan.empty() ? "shim"
                                                 : "ipvlan " + link.ipvlan + " shim";
  return what + " on " + link.parent + ", " + show_address(link) + (link.up ? ", up" : ", down") +
         (link.mtu_follows_parent ? "" : ", MTU differs from the parent's");
}

bool foreign(const model::HostFacts& facts, const std::string& name) {
  return std::any_of(facts.links.begin(), facts.links.end(),
                     [&](const auto& link) { return link.name == name && !link.ours; });
}

/// The network in Docker whose parent that is; nullptr where there is none.
const model::DockerNetwork* network_on(const model::HostFacts& facts, const std::string& link) {
  const auto& all = facts.docker.networks;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.parent == link; });
  return found == all.end() ? nullptr : &*found;
}

model::Finding taken_name(const Look& look, const model::Link& wanted) {
  model::Finding finding = {model::Severity::kConflict, "link " + wanted.name,
                            "a link of that name exists and is not our " + kind(wanted),
                            wanted.vlan == 0
                                ? "remove it (ip link del " + wanted.name + "), or rename it"
                                : "rename or remove it, or correct parent or vlan in the "
                                  "inventory"};
  const auto* network = network_on(look.facts, wanted.name);
  if (wanted.vlan == 0 || network == nullptr) return finding;
  // Docker tells nobody which parents it made.
  finding.message += "; network " + network->name +
                     " is on it: where Docker made it, as it does with a parent that is missing, "
                     "it takes it away with that network";
  const std::string away = "docker network rm " + network->name + ", ip link del " + wanted.name +
                           " if it is still there, then overland apply";
  finding.remedy = network->ours ? "stop its containers, " + away + ", which puts them on it again"
                                 : "take its containers off it, " + away + ", and make " +
                                       network->name + " again, on that link";
  return finding;
}

const model::Link* tunnel_in(const std::vector<model::Link>& links) {
  const auto found = std::find_if(links.begin(), links.end(),
                                  [](const auto& link) { return link.vxlan.has_value(); });
  return found == links.end() ? nullptr : &*found;
}

/// Whether it would be open to other packets.
bool moves(const model::Link& from, const model::Link& to) {
  return from.vxlan && to.vxlan &&
         (from.vxlan->vni != to.vxlan->vni || from.vxlan->port != to.vxlan->port);
}

/// Whether the coming rules bind another tunnel, and would leave this one open to everybody.
bool outlives_its_rule(const model::Link& link, const Look& look) {
  const auto& policy = look.desired.firewall;
  return link.vxlan && policy && policy->tunnel &&
         (policy->tunnel->vni != link.vxlan->vni || policy->tunnel->port != link.vxlan->port);
}

/// By this kernel, and behind a firewall that is known to bind what it brings.
bool can_be_made(const Look& look) {
  const auto& policy = look.desired.firewall;
  return !look.facts.no_vxlan && policy && policy->tunnel && !look.observed.firewall_unread;
}

}  // namespace

bool tunnel_waits(const Look& look) {
  const model::Link* tunnel = tunnel_in(look.desired.links);
  if (tunnel == nullptr) return false;
  if (foreign(look.facts, tunnel->name)) return true;
  const auto& there = look.observed.state.links;
  const bool stands = std::any_of(there.begin(), there.end(),
                                  [&](const auto& link) { return link.name == tunnel->name; });
  return !stands && !can_be_made(look);
}

bool tunnel_moves(const Look& look) {
  const model::Link* there = tunnel_in(look.observed.state.links);
  const model::Link* wanted = tunnel_in(look.desired.links);
  return there != nullptr && wanted != nullptr && moves(*there, *wanted) && can_be_made(look) &&
         !foreign(look.facts, wanted->name);
}

void plan_links(const Look& look, Plan& plan) {
  for (const auto& wanted : look.desired.links) {
    if (!foreign(look.facts, wanted.name)) continue;
    plan.findings.push_back(taken_name(look, wanted));
  }
  const auto key = [](const model::Link& link) { return link.name; };
  keyed_diff(look.observed.state.links, look.desired.links, key, [&](LinkStep change) {
    // Trying to make ours beside a foreign one could only fail.
    if (!change.from && foreign(look.facts, change.to->name)) return;
    if (change.to && change.to->vxlan && tunnel_waits(look)) return;
    if (change.from && change.to && moves(*change.from, *change.to)) {
      // As long as no rule can ask for the new one, the old one stays with its own.
      if (!tunnel_moves(look)) return;
      plan.steps.emplace_back(LinkStep{change.from, std::nullopt});
      plan.steps.emplace_back(LinkStep{std::nullopt, change.to});
      return;
    }
    if (!change.to && outlives_its_rule(*change.from, look)) {
      plan.steps.emplace_back(std::move(change));  // held like other removals it would be a way in
      return;
    }
    place(change, look, plan).emplace_back(std::move(change));
  });
}

Words words_of(const LinkStep& step) {
  return {"link " + (step.to ? step.to : step.from)->name, from_to(step, show)};
}

}  // namespace overland::plan
