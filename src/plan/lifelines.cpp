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
  const std::string text = lifeline.address.to_string();
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

std::string remedy(const Lifeline& lifeline) {
  if (!may_move(lifeline)) return "correct the subnet in the inventory";
  return "correct the subnet in the inventory, or, where that address does live in it, say so with "
         "--allow-cover " +
         lifeline.address.to_string();
}

}  // namespace

std::vector<model::Finding> severed_lifelines(const std::vector<Step>& steps,
                                              const std::vector<Lifeline>& lifelines,
                                              const std::vector<Prefix>& segments) {
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
      model::Finding finding{model::Severity::kRefusal, "lifeline",
                             found->what + " would cover " + describe(lifeline), remedy(lifeline)};
      // daemon.json and the restart that reads it say the same.
      if (std::find(findings.begin(), findings.end(), finding) == findings.end()) {
        findings.push_back(std::move(finding));
      }
    }
  }
  return findings;
}

}  // namespace overland::plan
