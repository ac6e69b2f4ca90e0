#include "plan/lifelines.h"

#include <algorithm>

#include "plan/describe.h"

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

/// The bridge subnet this step gives the host.
std::optional<Prefix> bridge_subnet(const Step& step) {
  if (const auto* restart = std::get_if<RestartDockerStep>(&step)) {
    return restart->address ? std::optional(restart->address->prefix()) : std::nullopt;
  }
  const auto* docker = std::get_if<DockerStep>(&step);
  if (docker == nullptr || !docker->to || !docker->to->address) return std::nullopt;
  return docker->to->address->prefix();
}

struct Cover {
  std::string what;
  Prefix subnet;
  bool known = false;  // the inventory, or a route of ours that stands, says the network is there
};

std::optional<Cover> cover(const Step& step, const std::vector<Prefix>& segments) {
  if (const auto subnet = bridge_subnet(step)) {
    return Cover{"the bridge subnet " + subnet->to_string() + " of this host", *subnet, false};
  }
  const auto* route = std::get_if<RouteStep>(&step);
  if (route == nullptr || !route->to) return std::nullopt;
  const Prefix& subnet = route->to->destination;
  const bool known =
      route->from || std::find(segments.begin(), segments.end(), subnet) != segments.end();
  return Cover{resource(step) + " " + show_gateways(*route->to), subnet, known};
}

}  // namespace

std::vector<model::Finding> severed_lifelines(const std::vector<Step>& steps,
                                              const std::vector<Lifeline>& lifelines,
                                              const std::vector<Prefix>& segments) {
  std::vector<model::Finding> findings;
  for (const auto& step : steps) {
    const auto found = cover(step, segments);
    if (!found) continue;
    for (const auto& lifeline : lifelines) {
      if (!found->subnet.contains(lifeline.address)) continue;
      if (found->known && may_move(lifeline)) continue;
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
