#include "cli/session.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include "cli/lifelines.h"
#include "cli/log.h"
#include "desired/checks.h"
#include "desired/derive.h"
#include "plan/lifelines.h"

namespace overland::cli {
namespace {

std::string hostname() {
  std::array<char, 256> name = {};  // HOST_NAME_MAX of limits.h is 64
  if (::gethostname(name.data(), name.size() - 1) != 0) base::throw_errno("gethostname", errno);
  return name.data();
}

std::vector<model::Address> addresses(host::Links& links) {
  std::vector<model::Address> result;
  for (const auto& link : links.facts()) {
    for (const auto& address : link.addresses) result.push_back(address.address);
  }
  return result;
}

/// Whether so little is left of what the last apply saw that pruning asks for a second look.
/// Without a memory the kernel's routes of ours stand for it.
bool shrunk(const reconcile::SavedState& saved, const inventory::Inventory& inventory,
            const reconcile::Survey& survey) {
  if (saved.hosts != 0) return inventory.hosts.size() * 2 < saved.hosts;
  return survey.desired.routes.size() * 2 < survey.actual.routes.size();
}

std::string join(const std::vector<std::string>& sentences) {
  std::string text;
  for (const auto& sentence : sentences) text += (text.empty() ? "" : "\n") + sentence;
  return text;
}

}  // namespace

inventory::Inventory load_inventory(const std::string& file) {
  auto loaded = inventory::load(file);
  log_lines(loaded.inventory ? spdlog::level::warn : spdlog::level::err,
            inventory::render(loaded.diagnostics, file));
  if (!loaded.inventory) {
    throw base::Error(base::ErrorKind::kInventory, file + " has faults; nothing was changed");
  }
  return std::move(*loaded.inventory);
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

Session::Session(Options given)
    : options(std::move(given)),
      inventory(load_inventory(options.inventory)),
      machine(options),
      saved(reconcile::load_saved(options.state_file)) {
  require_privilege();
  host =
      &inventory::find_host(inventory, options.host, hostname(), addresses(machine.ports().links));
  if (host->docker.program) machine.prefer_dockerd(*host->docker.program);
}

reconcile::Goal Session::goal() {
  return [this](model::HostFacts& facts) {
    auto state = desired::derive(inventory, *host, facts);
    const auto reasons = desired::misfits(inventory, *host, facts, state);
    if (!reasons.empty() && !booting) {
      throw base::Error(base::ErrorKind::kInventory, join(reasons));
    }
    if (reasons != told) {
      for (const auto& reason : reasons) spdlog::warn("not yet: {}", reason);
      told = reasons;
    }
    if (booting) desired::keep_reachable(state, facts);
    facts.mismatches = desired::mismatches(inventory, *host, facts);
    return state;
  };
}

reconcile::Survey Session::survey(plan::Options& plan_options, bool prune) {
  plan_options.prune = !booting;
  auto result = reconcile::survey(machine.ports(), goal(), saved, plan_options);
  if (!prune && plan_options.prune && shrunk(saved, inventory, result)) {
    plan_options.prune = false;
    result.plan = plan::make_plan(result.actual, result.desired, result.facts, plan_options);
  }
  require_lifelines(result);
  return result;
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
  throw base::Error(base::ErrorKind::kInventory, join(severed) + "\nnothing was changed");
}

void log_leftovers(const plan::Plan& plan) {
  for (const auto& conflict : plan.conflicts) {
    spdlog::warn("{}: {}{}{}", conflict.resource, conflict.message,
                 conflict.remedy.empty() ? "" : "; ", conflict.remedy);
  }
  if (!plan.held.empty()) {
    spdlog::warn(
        "{} removals held back, since the inventory lost more than half its hosts; "
        "--prune carries them out",
        plan.held.size());
  }
}

}  // namespace overland::cli
