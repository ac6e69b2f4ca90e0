#include "cli/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/lifelines.h"
#include "cli/log.h"
#include "desired/checks.h"
#include "desired/derive.h"
#include "desired/fit.h"
#include "plan/lifelines.h"

namespace overland::cli {
namespace {

std::vector<model::Address> addresses(host::Links& links) {
  std::vector<model::Address> result;
  for (const auto& link : links.facts()) {
    for (const auto& address : link.addresses) result.push_back(address.address);
  }
  return result;
}

/// One a line.
std::string sentences(const std::vector<model::Finding>& findings) {
  std::string text;
  for (const auto& finding : findings) text += finding.sentence() + "\n";
  return text;
}

[[noreturn]] void refuse_elsewhere(const inventory::Host& host,
                                   const std::vector<model::Finding>& findings) {
  throw base::Error(base::ErrorKind::kInventory,
                    sentences(findings) + "not one underlay address of host " + host.name +
                        " is on this machine: is it the right file, and the right host?");
}

}  // namespace

inventory::Inventory load_inventory(const std::string& file) {
  return parse_inventory(inventory::read_text(file, inventory::Owners::kAny), file).inventory;
}

void require_privilege() {
  constexpr unsigned kNetAdmin = 12;  // CAP_NET_ADMIN of linux/capability.h
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kField = "CapEff:";
    if (!line.starts_with(kField)) continue;
    const auto effective = std::stoull(line.substr(kField.size()), nullptr, 16);
    if ((effective >> kNetAdmin & 1U) != 0) return;
    throw base::Error(base::ErrorKind::kPrivilege,
                      "CAP_NET_ADMIN is missing; run as root (validate needs no privilege)");
  }
  throw base::Error(base::ErrorKind::kFailure, "/proc/self/status does not tell our capabilities");
}

Session::Session(Options given, Purpose purpose)
    : options(std::move(given)),
      machine(options),
      saved(reconcile::load_saved(options.state_file, options.spare_state_file)),
      inventory(chosen.inventory),
      purpose_(purpose) {
  require_privilege();
  if (!saved.doubt.empty()) spdlog::warn("{}", saved.doubt);
  try {
    choose(read_present(options, saved, purpose));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInventory || !fall_back(error.what())) throw;
  }
}

void Session::choose(Chosen from) {
  chosen = std::move(from);
  host = &inventory::find_host(inventory, options.host, reconcile::hostname(),
                               [&] { return addresses(machine.ports().links); });
  if (host->docker.program) machine.prefer_dockerd(*host->docker.program);
}

bool Session::fall_back(const std::string& why) {
  const bool may = purpose_ == Purpose::kApply || purpose_ == Purpose::kMeasure;
  if (!may || !options.installed || !chosen.refused.empty()) return false;
  auto last = read_last_applied(options);
  if (!last || last->hash == chosen.hash) return false;
  log_lines(spdlog::level::err, why);
  last->refused = why;
  choose(std::move(*last));
  spdlog::error("nothing of {} is applied; what was applied last is repaired", options.inventory);
  return true;
}

reconcile::Goal Session::goal() {
  return [this](model::HostFacts& facts) {
    auto state = desired::derive(inventory, *host, facts);
    auto fit = desired::fit(inventory, *host, facts, state);
    // While booting the network may still come up.
    if (fit.nowhere && !booting) refuse_elsewhere(*host, fit.findings);
    facts.findings = std::move(fit.findings);
    facts.unreachable = std::move(fit.unreachable);
    auto mismatches = desired::mismatches(inventory, *host, facts);
    std::move(mismatches.begin(), mismatches.end(), std::back_inserter(facts.findings));
    return state;
  };
}

reconcile::Survey Session::survey(plan::Options& plan_options, bool prune) {
  try {
    return survey_chosen(plan_options, prune);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInventory || !fall_back(error.what())) throw;
  }
  return survey_chosen(plan_options, prune);
}

reconcile::Survey Session::survey_chosen(plan::Options& plan_options, bool prune) {
  plan_options.prune = !booting;
  plan_options.defer = booting;
  auto result = reconcile::survey(machine.ports(), goal(), saved, plan_options);
  const auto subnets = subnets_of(inventory);
  const auto removed = saved.subnets.empty()
                           ? reconcile::removals(result.actual.state.routes, result.desired.routes)
                           : reconcile::removals(saved.subnets, subnets);
  shrunk_ = !prune && removed.too_many();
  if (shrunk_) {
    // Half a file must not open a segment whose hosts it has lost.
    for (auto& segment : chosen.inventory.segments) {
      if (segment.trust == inventory::Trust::kAuto) segment.trust = inventory::Trust::kHosts;
    }
    plan_options.prune = false;
    plan_options.held_reason = removed.reason();
    result = reconcile::survey(machine.ports(), goal(), saved, plan_options);
    if (booting) spdlog::warn("half an inventory? {}", removed.reason());
  }
  require_lifelines(result);
  // While removals are held back the old ones stay, or the next run would carry them out.
  if (result.plan.prunes) saved.subnets = subnets;
  return result;
}

void Session::keep(const reconcile::ApplyReport& report) const {
  const bool applied = !shrunk_ && !booting && (report.converged() || report.changed());
  if (!applied || !options.installed || !chosen.refused.empty()) return;
  try {
    keep_applied(options, chosen, saved);
  } catch (const base::Error& error) {
    spdlog::warn("the inventory is not kept as the one last applied: {}", error.what());
  }
}

void Session::require_lifelines(const reconcile::Survey& survey) const {
  if (survey.plan.empty()) return;
  auto lifelines = find_lifelines(survey.facts, host->docker.bridge);
  std::erase_if(lifelines, [&](const model::Lifeline& one) {
    const bool elsewhere =
        one.kind == model::LifelineKind::kResolver || one.kind == model::LifelineKind::kSshPeer;
    const auto& allowed = options.allow_cover;
    return elsewhere && std::find(allowed.begin(), allowed.end(), one.address) != allowed.end();
  });
  std::vector<model::Prefix> segments;
  for (const auto& segment : inventory.segments) segments.push_back(segment.subnet);
  const auto severed = plan::severed_lifelines(survey.plan.steps, lifelines, segments);
  if (severed.empty()) return;
  throw base::Error(base::ErrorKind::kInventory, sentences(severed) + "nothing was changed");
}

void log_findings(const plan::Plan& plan, bool booting) {
  for (auto& finding : plan.holding()) {
    const bool later = booting && finding.severity == model::Severity::kMisfit;
    if (later) finding.resource = "not yet: " + finding.resource;
    log_finding(later ? spdlog::level::warn : spdlog::level::err, finding);
  }
}

void log_leftovers(const plan::Plan& plan) {
  for (const auto& conflict : plan.conflicts()) log_finding(spdlog::level::warn, conflict);
  if (!plan.held.empty() || !plan.held_reason.empty()) {
    spdlog::warn("{} {} held back: {}{}", plan.held.size(),
                 plan.holding().empty() ? "removals" : "changes", plan.held_reason,
                 plan.holding().empty() ? "; --prune carries them out" : "");
  }
}

}  // namespace overland::cli
