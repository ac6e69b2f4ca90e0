#include "plan/plan.h"

#include <algorithm>
#include <iterator>

#include "plan/nouns.h"
#include "plan/order.h"

namespace overland::plan {
namespace {

using model::Severity;

std::vector<model::Finding> only(const std::vector<model::Finding>& findings, Severity first,
                                 Severity last) {
  std::vector<model::Finding> result;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(result),
               [&](const auto& one) { return first <= one.severity && one.severity <= last; });
  return result;
}

}  // namespace

std::vector<model::Finding> Plan::holding() const {
  return only(findings, Severity::kUnknown, Severity::kMisfit);
}
std::vector<model::Finding> Plan::conflicts() const {
  return only(findings, Severity::kConflict, Severity::kConflict);
}
std::vector<model::Finding> Plan::advice() const {
  return only(findings, Severity::kUntold, Severity::kAdvice);
}

Plan make_plan(const model::Observed& observed, const model::HostState& desired,
               const model::HostFacts& facts, const Options& given) {
  Plan plan;
  plan.findings = observed.findings;
  Options options = given;
  options.prune = given.prune && (plan.holding().empty() || !given.hold);
  plan.prunes = options.prune;
  for (const auto& plan_noun : kNouns) plan_noun({observed, desired, facts, options}, plan);
  put_in_order(plan.steps);
  if (options.defer) plan.held.clear();
  // What goes by an inventory that lost too much may be gone already, after a reboot.
  if (!given.prune && !options.defer) plan.held_reason = given.held_reason;
  if (!plan.held.empty() && plan.held_reason.empty()) {
    plan.held_reason = "not all could be looked at, or fits";
  }
  return plan;
}

model::HostState simulate(model::HostState actual, const std::vector<Step>& steps) {
  for (const auto& step : steps) {
    std::visit([&](const auto& one) { simulate(actual, one); }, step);
  }
  return actual;
}

std::vector<Step> reverse(const std::vector<Step>& steps) {
  std::vector<Step> back;
  back.reserve(steps.size());
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    auto undone = std::visit([](const auto& one) { return reverse(one); }, *step);
    if (undone) back.push_back(std::move(*undone));
  }
  return back;
}

}  // namespace overland::plan
