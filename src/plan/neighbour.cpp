// Peers of the tunnel.

#include <algorithm>

#include "plan/diff.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

/// Read back: 0.0.0.0 stands for entries that are not as they should be.
std::string show(const model::Neighbour& neighbour) {
  if (neighbour.outer == model::Address()) return "damaged or incomplete";
  return "by tunnel to " + neighbour.outer.to_string();
}

}  // namespace

void plan_neighbours(const Look& look, Plan& plan) {
  const auto& actual = look.observed.state.neighbours;
  const auto& desired = look.desired.neighbours;
  if (desired.size() > actual.size()) {
    plan.steps.reserve(plan.steps.size() + desired.size() - actual.size());
  }
  const bool waits = tunnel_waits(look);
  const auto key = [](const model::Neighbour& neighbour) { return neighbour.address; };
  keyed_diff(actual, desired, key, [&](NeighbourStep change) {
    if (waits && change.to) return;
    place(change, look, plan).emplace_back(std::move(change));
  });
  if (!tunnel_moves(look)) return;
  for (const auto& one : actual) {
    const auto wanted = std::ranges::lower_bound(desired, one.address, {}, key);
    const bool goes = wanted == desired.end() || wanted->address != one.address;
    if (goes ? look.options.prune : *wanted != one) continue;  // a step of its own
    // What is damaged goes with the link whoever holds it.
    if (one.outer != model::Address()) plan.steps.emplace_back(NeighbourStep{one, one});
  }
}

Words words_of(const NeighbourStep& step) {
  const auto& one = step.to ? *step.to : *step.from;
  return {"neighbour " + one.address.to_string(), from_to(step, show)};
}

}  // namespace overland::plan
