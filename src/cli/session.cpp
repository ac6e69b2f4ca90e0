#include "cli/session.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/held.h"
#include "cli/lifelines.h"
#include "cli/log.h"
#include "cli/progress.h"
#include "desired/checks.h"
#include "desired/derive.h"
#include "desired/firewall.h"
#include "desired/fit.h"
#include "desired/held_networks.h"
#include "desired/held_subnets.h"
#include "desired/held_trust.h"
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

/// What the rules that stand trust; all, where a reboot has taken the rules of an earlier apply.
std::vector<model::Prefix> trusted_before(const reconcile::Survey& survey,
                                          const reconcile::SavedState& saved) {
  if (survey.actual.state.firewall) return survey.actual.state.firewall->peer_hosts;
  const bool applied = survey.desired.firewall && !saved.subnets.empty();
  if (!applied || survey.actual.firewall_unread) return {};
  return {model::Prefix()};
}

}  // namespace

void require_privilege() {
  constexpr unsigned kNetAdmin = 12;  // CAP_NET_ADMIN of linux/capability.h
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kField = "CapEff:";
    if (!line.starts_with(kField)) continue;
    const auto effective = std::stoull(line.substr(kField.size()), nullptr, 16);
    if ((effective >> kNetAdmin & 1U) != 0) return;
    throw base::Error(base::ErrorKind::kPrivilege,
                      ::geteuid() == 0
                          ? "CAP_NET_ADMIN is missing: run as root with that capability"
                          : "run as root (validate, explain and graph need no privilege)");
  }
  throw base::Error(base::ErrorKind::kFailure, "/proc/self/status does not tell our capabilities");
}

Session::Session(Options given, Purpose purpose)
    : options((require_privilege(), std::move(given))),  // before anything is read
      machine(options),
      saved(reconcile::load_saved(options.state_file, options.spare_state_file)),
      inventory(chosen.inventory),
      purpose_(purpose) {
  if (purpose == Purpose::kApply) note_dead_trial();
  if (!saved.doubt.empty()) spdlog::warn("{}", saved.doubt);
  try {
    choose(read_present(options, saved, purpose));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInventory || !fall_back(error.what())) throw;
  }
}

Session::Session(Options given, Chosen from)
    : options(std::move(given)),
      machine(options),
      saved(reconcile::load_saved(options.state_file, options.spare_state_file)),
      inventory(chosen.inventory),
      purpose_(Purpose::kRepair) {
  note_dead_trial();
  if (!saved.doubt.empty()) spdlog::warn("{}", saved.doubt);
  choose(std::move(from));
}

void Session::choose(Chosen from) {
  chosen = std::move(from);
  pruned_.reset();
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
  spdlog::error("nothing of {} is applied; what was applied last is {}", options.inventory,
                purpose_ == Purpose::kApply ? "repaired" : "shown");
  return true;
}

reconcile::Goal Session::goal() {
  return [this](model::HostFacts& facts) {
    auto state = desired::derive(inventory, *host, facts);
    reconcile::ask_kernel(machine.ports(), state, facts);
    if (facts.firewall.no_link_guards) state = desired::derive(inventory, *host, facts);
    facts.on_link = machine.ports().routes.on_link(desired::off_link(state, facts));
    auto fit = desired::fit(inventory, *host, facts, state);
    // While booting the network may still come up.
    if (fit.nowhere && !booting && fault.empty()) refuse_elsewhere(*host, fit.findings);
    facts.findings = std::move(fit.findings);
    facts.unreachable = std::move(fit.unreachable);
    facts.waiting_networks = std::move(fit.networks);
    auto mismatches = desired::mismatches(inventory, *host, facts);
    std::move(mismatches.begin(), mismatches.end(), std::back_inserter(facts.findings));
    reconcile::Aim aim(std::move(state));
    if (pruned_) {
      const auto at = static_cast<std::size_t>(host - inventory.hosts.data());
      const auto held = desired::as_held(*pruned_, pruned_->hosts[at], facts);
      const auto& pruned = held ? *held : *pruned_;
      aim.pruned_firewall = desired::firewall(pruned, pruned.hosts[at], facts);
    }
    return aim;
  };
}

reconcile::Survey Session::survey(plan::Options& plan_options, bool prune) {
  const Progress told("looking at this host");
  for (;;) {  // at most three times
    try {
      return survey_chosen(plan_options, prune);
    } catch (const base::Error& error) {
      const std::string why = error.what();
      const bool refused = error.kind() == base::ErrorKind::kInventory;
      if (!refused || (!fall_back(why) && !endure(why))) throw;
    }
  }
}

bool Session::endure(const std::string& why) {
  if (purpose_ != Purpose::kMeasure || !fault.empty()) return false;
  fault = why;
  return true;
}

bool Session::hold_trust(const std::vector<model::Prefix>& trusted, plan::Options& plan_options) {
  auto& held = plan_options.held_trust;
  held = desired::held_trust(inventory, trusted);
  if (!held.empty() && !pruned_) pruned_ = inventory;
  for (auto& segment : chosen.inventory.segments) {
    const bool keeps = std::find(held.begin(), held.end(), segment.subnet) != held.end();
    if (keeps) segment.trust = inventory::Trust::kSubnet;
  }
  return !held.empty();
}

void Session::hold_bips(plan::Options& plan_options) {
  if (!hold_subnets(chosen.inventory, saved)) return;
  for (const auto& one : inventory.hosts) {
    if (!one.held) continue;
    for (const auto& subnet : *one.held) {
      plan_options.held_subnets.push_back({one.name, subnet, bool(one.networks)});
    }
  }
  pruned_ = inventory;
  desired::hold_subnets(*pruned_, {}, {});
}

reconcile::Survey Session::survey_chosen(plan::Options& plan_options, bool prune) {
  plan_options.prune = !booting;
  plan_options.defer = booting;
  plan_options.held_trust.clear();
  plan_options.held_subnets.clear();
  if (!prune) hold_bips(plan_options);
  if (!prune && saved.held_trust) hold_trust(*saved.held_trust, plan_options);
  auto result = reconcile::survey(machine.ports(), goal(), saved, plan_options);
  const auto removed = saved.subnets.empty()
                           ? reconcile::removals(result.actual.state.routes, result.desired.routes)
                           : reconcile::removals(saved.subnets, subnets_of(inventory));
  shrunk_ = !prune && removed.too_many();
  if (shrunk_) {
    plan_options.prune = false;
    plan_options.held_reason = removed.reason();
    if (booting) spdlog::warn("half an inventory? {}", removed.reason());
  }
  const bool upgraded = !prune && !shrunk_ && !saved.held_trust &&
                        hold_trust(trusted_before(result, saved), plan_options);
  if (shrunk_ || upgraded) {
    result = reconcile::survey(machine.ports(), goal(), saved, plan_options);
  }
  require_lifelines(result);
  remember(plan_options, prune, result.plan.prunes);
  return result;
}

void Session::keep(const reconcile::ApplyReport& report) const {
  const bool done = report.converged() || report.changed();
  if (done) mark_in_force(options, chosen);
  const bool applied = !shrunk_ && !booting && done;
  if (!applied || !options.installed || !chosen.refused.empty()) return;
  try {
    keep_applied(options, chosen, saved);
  } catch (const base::Error& error) {
    spdlog::warn("the inventory is not kept as the one last applied: {}", error.what());
  }
}

void Session::require_lifelines(reconcile::Survey& survey) const {
  if (survey.plan.empty()) return;
  auto lifelines = find_lifelines(survey.facts, host->docker.bridge, survey.desired.networks);
  std::erase_if(lifelines, [&](const model::Lifeline& one) {
    const bool elsewhere =
        one.kind == model::LifelineKind::kResolver || one.kind == model::LifelineKind::kSshPeer;
    const auto& allowed = options.allow_cover;
    return elsewhere && std::find(allowed.begin(), allowed.end(), one.address) != allowed.end();
  });
  std::vector<model::Prefix> segments;
  for (const auto& segment : inventory.segments) segments.push_back(segment.subnet);
  auto led = host->bridge_subnets();
  for (const auto& route : survey.actual.state.routes) {
    if (route.kind == model::RouteKind::kUnicast) led.push_back(route.destination);
  }
  auto severed = plan::severed_lifelines(survey.plan.steps, lifelines, segments, led);
  std::ranges::move(plan::captured_tunnels(survey.desired), std::back_inserter(severed));
  if (severed.empty()) return;
  if (!fault.empty()) {
    auto& findings = survey.plan.findings;
    findings.insert(findings.end(), severed.begin(), severed.end());
    return;
  }
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
  log_held(plan);
}

void log_held(const plan::Plan& plan) {
  if (plan.held.empty() && !plan.held_reason.empty()) {
    spdlog::warn("{}: nothing of theirs is left here{}", plan.held_reason,
                 plan.holding().empty() ? "; --prune accepts that" : "");
  } else if (!plan.held.empty()) {
    spdlog::warn("{} {} held back: {}{}", plan.held.size(),
                 plan.held_for_prune() ? "removals" : "changes", plan.held_reason,
                 plan.held_for_prune() ? "; --prune carries them out" : "");
  }
}

}  // namespace overland::cli
