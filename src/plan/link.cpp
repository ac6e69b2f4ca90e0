// VLAN links and shims of ours.

#include "plan/diff.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

std::string kind(const model::Link& link) {
  return link.vlan == 0 ? "shim" : "VLAN " + std::to_string(link.vlan);
}

std::string show(const model::Link& link) {
  const std::string what = link.vlan != 0        ? "vlan " + std::to_string(link.vlan)
                           : link.ipvlan.empty() ? "shim"
                                                 : "ipvlan " + link.ipvlan + " shim";
  const bool bare = link.address == model::kNoAddress;
  return what + " on " + link.parent + ", " + (bare ? "no address" : link.address.to_string()) +
         (link.up ? ", up" : ", down") +
         (link.mtu_follows_parent ? "" : ", MTU differs from the parent's");
}

bool foreign(const model::HostFacts& facts, const std::string& name) {
  return std::any_of(facts.links.begin(), facts.links.end(),
                     [&](const auto& link) { return link.name == name && !link.ours; });
}

}  // namespace

void plan_links(const Look& look, Plan& plan) {
  for (const auto& wanted : look.desired.links) {
    if (!foreign(look.facts, wanted.name)) continue;
    plan.findings.push_back(
        {model::Severity::kConflict, "link " + wanted.name,
         "a link of that name exists and is not our " + kind(wanted) + " on " + wanted.parent,
         wanted.vlan == 0 ? "remove it (ip link del " + wanted.name + "), or rename it"
                          : "rename or remove it, or correct parent or vlan in the "
                            "inventory"});
  }
  const auto key = [](const model::Link& link) { return link.name; };
  keyed_diff(look.observed.state.links, look.desired.links, key, [&](LinkStep change) {
    // Trying to make ours beside a foreign one could only fail.
    if (!change.from && foreign(look.facts, change.to->name)) return;
    place(change, look, plan).emplace_back(std::move(change));
  });
}

Words words_of(const LinkStep& step) {
  return {"link " + (step.to ? step.to : step.from)->name, from_to(step, show)};
}

}  // namespace overland::plan
