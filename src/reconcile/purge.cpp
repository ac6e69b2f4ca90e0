#include "reconcile/purge.h"

#include <algorithm>
#include <iterator>

#include "plan/order.h"
#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

/// Names everything the memory knows of, so that observe() reads its present value.
model::HostState remembered_names(const SavedState& saved, host::Sysctls& sysctls,
                                  std::vector<model::Finding>& findings) {
  model::HostState names;
  for (const auto& [key, value] : saved.sysctls) {
    try {
      static_cast<void>(sysctls.read(key));
      names.sysctls.push_back({key, {}});
    } catch (const base::Error& error) {
      findings.push_back({model::Severity::kAdvice, "sysctl " + key,
                          std::string("the memory names what cannot be read: ") + error.what(),
                          ""});
    }
  }
  if (!saved.daemon_keys.empty()) {
    names.docker.emplace();
    for (const auto& [name, value] : saved.daemon_keys) names.docker->keys[name] = std::nullopt;
  }
  return names;
}

/// Where FORWARD drops because of us, as only the memory knows: tables and chains that told it were
/// wiped.
std::vector<model::FirewallVariant> closed_by_us(const SavedState& saved,
                                                 const model::HostFacts& facts) {
  std::vector<model::FirewallVariant> result;
  for (const auto& variant : facts.firewall.forward_drops) {
    const auto closed = saved.closed_forward.find(variant);
    const bool ours = closed != saved.closed_forward.end() && closed->second == facts.boot;
    if (ours) result.push_back(variant);
  }
  return result;
}

void note_closed(const std::vector<model::FirewallVariant>& closed, model::HostState& actual) {
  if (!actual.firewall) actual.firewall.emplace().variant = closed.front();
  auto& guard = actual.firewall->guard;
  if (guard == model::FirewallGuard::kNone) guard = model::FirewallGuard::kForwardPolicy;
}

/// Unless the policy stays.
void lift_closed(const std::vector<model::FirewallVariant>& closed, plan::Plan& plan) {
  for (auto& step : plan.steps) {
    auto* firewall = std::get_if<plan::FirewallStep>(&step);
    const bool lifts = firewall != nullptr && firewall->from &&
                       firewall->from->guard == model::FirewallGuard::kForwardPolicy;
    if (lifts) firewall->lifts = closed;
  }
}

/// The adopted routes of this boot, to where nobody else has made one since.
void give_back(const host::Ports& ports, const SavedState& saved, Survey& survey) {
  std::vector<model::Prefix> destinations;
  for (const Adopted& one : saved.adopted) destinations.push_back(one.route.destination);
  if (destinations.empty()) return;
  const auto standing = ports.routes.foreign(destinations);
  for (const auto& [route, boot] : saved.adopted) {
    const bool taken = std::ranges::find(standing, route.destination,
                                         &model::ForeignRoute::destination) != standing.end();
    const auto& links = survey.facts.links;
    const bool gone = !route.link.empty() &&
                      std::ranges::find(links, route.link, &model::LinkFacts::name) == links.end();
    if (boot == survey.facts.boot && !taken && !gone) {
      survey.plan.steps.emplace_back(plan::RestoreStep{route});
    }
  }
  plan::put_in_order(survey.plan.steps);
}

/// Forwarding that we turned on and its guard stay together: a dockerd that runs needs the one and
/// would have set the other, and without both put back the host would forward anything.
void keep_together(Survey& survey) {
  const auto& docker = survey.facts.docker;
  auto& wanted = survey.desired.sysctls;
  const auto value = [](const std::vector<model::Sysctl>& list) {
    const auto found = std::ranges::find(list, model::kIpForward, &model::Sysctl::key);
    return found == list.end() ? std::string() : found->value;
  };
  const bool ours = survey.facts.forwarding == model::Forwarding::kOurs ||
                    survey.facts.forwarding == model::Forwarding::kForgotten;
  if (!ours || value(survey.actual.state.sysctls) == "0") return;
  const bool needed = docker.running || !docker.unknown.empty();
  if (!needed && value(wanted) == "0") return;
  std::erase_if(wanted, [](const auto& one) { return one.key == model::kIpForward; });
  const auto& standing = survey.actual.state.firewall;
  const bool chain = standing && standing->guard == model::FirewallGuard::kChain;
  if (chain && !needed) {
    // It goes with our table, and what it dropped must not be forwarded then.
    wanted.push_back({model::kIpForward, "0"});
    const bool read = std::ranges::find(survey.actual.state.sysctls, model::kIpForward,
                                        &model::Sysctl::key) != survey.actual.state.sysctls.end();
    if (!read) survey.actual.state.sysctls.push_back({model::kIpForward, "1"});
    return;
  }
  auto& firewall = survey.actual.state.firewall;
  const bool drops = firewall && firewall->guard == model::FirewallGuard::kForwardPolicy;
  if (drops) firewall->guard = model::FirewallGuard::kNone;  // then it is left as it is
  const std::string what = std::string(model::kIpForward) + " stays 1" +
                           (drops ? " and the policy of FORWARD stays DROP" : "") +
                           (chain ? ", without the guard strangers are forwarded from now on" : "");
  survey.actual.findings.push_back(
      {model::Severity::kAdvice, "sysctl " + std::string(model::kIpForward),
       what + (needed ? ": dockerd needs it" : ": what was before is not known"),
       needed && !chain
           ? ""
           : std::string("sysctl -w ") + model::kIpForward + "=0 where nothing needs it"});
}

/// What bears our mark wherever it is. What cannot be looked at is a finding.
std::vector<std::string> sweep(const host::Ports& ports, plan::Plan& plan) {
  std::vector<std::string> all;
  const auto add = [&](std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(all));
  };
  answered("routes", plan.findings, [&] { add(ports.routes.remnants()); });
  answered("firewall", plan.findings, [&] { add(ports.firewall.remnants()); });
  return all;
}

}  // namespace

Survey survey_removal(const host::Ports& ports, const SavedState& saved) {
  Survey result;
  result.facts = look(ports);
  result.facts.forwarding =
      who_forwards(ports.sysctls.read(model::kIpForward), saved, result.facts);
  std::vector<model::Finding> findings;
  const auto names = remembered_names(saved, ports.sysctls, findings);
  result.actual = observe(ports, names, saved, result.facts);
  std::ranges::move(findings, std::back_inserter(result.actual.findings));
  // Without a Docker to ask nothing is left of those nobody made.
  result.actual.networks_unread =
      result.actual.networks_unread && saved.networks_made && result.facts.docker.installed;
  result.desired = without_us(saved, result.actual.state, result.facts.boot);
  const auto closed = closed_by_us(saved, result.facts);
  const bool wiped = !closed.empty() && !result.actual.state.firewall;
  if (!closed.empty()) note_closed(closed, result.actual.state);
  keep_together(result);
  auto& standing = result.actual.state.firewall;
  if (wiped && standing->guard == model::FirewallGuard::kNone) standing.reset();  // it is kept
  result.plan =
      plan::make_plan(result.actual, result.desired, result.facts, plan::Options{.hold = false});
  lift_closed(closed, result.plan);
  give_back(ports, saved, result);
  return result;
}

ApplyReport purge(const host::Ports& ports, Survey before, const std::filesystem::path& saved_file,
                  const SavedState& saved) {
  ApplyReport report;
  report.steps = execute(ports, std::move(before.plan.steps));
  try {
    if (!saved.daemon_keys.empty()) ports.docker.restore_file(saved.daemon_json);
  } catch (const base::Error& error) {
    report.memory_fault = error.what();
  }
  report.after = survey_removal(ports, saved);
  if (report.after.plan.empty()) report.remnants = sweep(ports, report.after.plan);
  if (report.complete()) forget_saved(saved_file);
  return report;
}

}  // namespace overland::reconcile
