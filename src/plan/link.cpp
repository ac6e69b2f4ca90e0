// VLAN links of ours.

#include "plan/diff.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

std::string show(const model::VlanLink& link) {
  return "vlan " + std::to_string(link.vlan) + " on " + link.parent + ", " +
         link.address.to_string() + (link.up ? ", up" : ", down") +
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
    plan.findings.push_back({model::Severity::kConflict, "link " + wanted.name,
                             "a link of that name exists and is not VLAN " +
                                 std::to_string(wanted.vlan) + " on " + wanted.parent,
                             "rename or remove it, or correct parent or vlan in the inventory"});
  }
  const auto key = [](const model::VlanLink& link) { return link.name; };
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
