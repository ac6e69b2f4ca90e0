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

std::string show_trust(const std::vector<model::Prefix>& held) {
  std::vector<std::string> subnets;
  for (const auto& subnet : held) subnets.push_back(subnet.to_string());
  return "by default segments are trusted by host now, and " + join(subnets, ", ") +
         " was as a whole: say trust = \"subnet\" or trust = \"hosts\" there";
}

/// Whether anything of the desired state is for its sake: this host's own may be gone from its
/// bridge already.
bool in_effect(const model::Prefix& subnet, const model::HostState& desired) {
  if (route_to(desired, subnet) != nullptr) return true;
  const auto contains = [&](const model::Prefix& one) { return one.contains(subnet); };
  const auto& policy = desired.firewall;
  return policy &&
         (std::any_of(policy->local.begin(), policy->local.end(), contains) ||
          std::any_of(policy->peer_subnets.begin(), policy->peer_subnets.end(), contains));
}

/// Empty where nothing of it has an effect.
std::string show_subnets(const std::vector<HeldSubnet>& held, const model::HostState& desired) {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> named;
  std::size_t more = 0;
  bool networks = false;
  for (const auto& [host, subnet, has_networks] : held) {
    if (!in_effect(subnet, desired)) continue;
    networks = networks || has_networks;
    if (named.size() == kNamed) ++more;
    if (named.size() < kNamed) named.push_back(host + " (was in " + subnet.to_string() + ")");
  }
  if (named.empty()) return {};
  const std::string hosts =
      join(named, ", ") + (more == 0 ? "" : " and " + std::to_string(more) + " more");
  if (networks) {
    return "the bip or a network of " + hosts +
           " changed, and containers keep the old subnet until Docker restarts, or overland apply "
           "--recreate-networks is given, there";
  }
  return "the bip of " + hosts +
         " changed without previous_bip, and containers keep the old subnet until Docker restarts "
         "there";
}

/// Why something is held back, a clause; empty where nothing is.
std::string why_held(const Plan& plan, const Options& given, const model::HostState& desired) {
  std::vector<std::string> reasons;
  // What goes by an inventory that lost too much may be gone already, after a reboot.
  if (!given.prune && !given.defer && !given.held_reason.empty()) {
    reasons.push_back(given.held_reason);
  } else if (!plan.held.empty() && !plan.prunes) {
    reasons.emplace_back("not all could be looked at, or fits");
  }
  if (!plan.held.empty() && !given.held_trust.empty()) {
    reasons.push_back(show_trust(given.held_trust));
  }
  if (any<NetworkStep>(plan.held))
    reasons.emplace_back("containers use networks that change or go");
  const auto subnets = plan.held.empty() ? "" : show_subnets(given.held_subnets, desired);
  if (!subnets.empty()) reasons.push_back(subnets);
  return join(reasons, "; and ");
}

/// Whether a network that stays for now has its containers on that link: they would go with it.
bool carries_held(const Plan& plan, const LinkStep& link) {
  return std::any_of(plan.held.begin(), plan.held.end(), [&](const Step& step) {
    const auto* network = std::get_if<NetworkStep>(&step);
    if (network != nullptr) return network->from && network->from->parent == link.from->name;
    const auto* upper = std::get_if<LinkStep>(&step);
    return upper != nullptr && !upper->to && upper->from->parent == link.from->name;
  });
}

/// Links that go wait for what is on them.
void hold_parents(Plan& plan) {
  const auto goes = [&](const Step& step) {
    const auto* link = std::get_if<LinkStep>(&step);
    return link != nullptr && !link->to && carries_held(plan, *link);
  };
  for (auto step = plan.steps.begin(); step != plan.steps.end();) {
    if (!goes(*step)) {
      ++step;
      continue;
    }
    plan.held.push_back(std::move(*step));
    step = plan.steps.erase(step);
  }
}

}  // namespace

bool Plan::held_for_prune() const {
  const bool changes = std::any_of(held.begin(), held.end(), [](const Step& step) {
    const auto* network = std::get_if<NetworkStep>(&step);
    return network != nullptr && network->to;
  });
  return !changes && holding().empty();
}
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
  if (any<NetworkStep>(plan.held)) hold_parents(plan);
  if (options.hold) keep_guards({observed, desired, facts, options}, plan);
  put_in_order(plan.steps);
  if (options.defer) plan.held.clear();
  plan.held_reason = why_held(plan, given, desired);
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
