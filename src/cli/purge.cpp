// The verb purge.

#include "reconcile/purge.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>

#include "cli/chosen.h"
#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/plan_json.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/unchanged.h"
#include "cli/verb.h"
#include "plan/describe.h"
#include "plan/render.h"

namespace overland::cli {
namespace {

/// What is not gone, and what stays on purpose.
void say_left(const reconcile::ApplyReport& report) {
  if (!report.memory_fault.empty()) spdlog::error("{}", report.memory_fault);
  log_findings(report.after.plan, false);
  for (const auto& one : report.after.plan.advice()) log_finding(spdlog::level::warn, one);
  for (const auto& step : report.after.plan.steps) {
    spdlog::error("{} is still there: {}", plan::resource(step), plan::detail(step));
  }
  for (const auto& one : report.remnants) {
    spdlog::error(
        "{} bears overland's mark and is not of this version: it is left alone; purge it with the "
        "version that made it, or remove it by hand",
        one);
  }
}

/// A running dockerd goes by what it read at its start.
void say_what_docker_keeps(const reconcile::ApplyReport& report) {
  for (const auto& one : report.steps) {
    const auto* step = std::get_if<plan::DockerStep>(&one.step);
    if (step == nullptr || one.status != reconcile::Status::kDone) continue;
    for (const auto& [name, value] : step->to->keys) {
      const auto before = step->from->keys.find(name);
      if (name == "bip" || before == step->from->keys.end() || before->second == value) continue;
      const bool opens = name == "allow-direct-routing" && before->second == "true";
      spdlog::warn("Docker goes on with {} as it was{}: restart it", name,
                   opens ? ", and whoever routes to a container reaches its published ports" : "");
    }
  }
}

/// A watcher would put back what a purge leaves half done.
void stop_repairs(const Options& options) {
  std::error_code unknown;  // where it cannot be removed the purge is not complete, and says so
  std::filesystem::remove(last_applied_file(options), unknown);
  std::filesystem::remove(in_force_file(options), unknown);
  std::filesystem::remove(verified_file(options), unknown);
}

}  // namespace

int purge(const std::vector<std::string>& arguments) {
  po::options_description description("Options");
  description.add_options()("dry-run", po::bool_switch(), "only show what would be removed")(
      "state", po::value<std::string>()->default_value("/var/lib/overland/state.json"),
      "what was replaced")("color", po::value<std::string>()->default_value("auto"),
                           "auto, always or never")("json", po::bool_switch(),
                                                    "print one JSON document");
  description.add(lock_options());
  const auto values = parse(arguments, "purge [OPTIONS]", description);
  if (!values) return kOk;
  const Options options = read_options(*values);
  require_privilege();
  ::signal(SIGPIPE, SIG_IGN);  // whoever reads what we print may go at any time
  const Lock lock = take_lock(options);
  const auto saved = reconcile::load_saved(options.state_file, options.spare_state_file);
  if (!saved.doubt.empty()) spdlog::warn("{}", saved.doubt);
  Machine machine(options);
  std::optional<Progress> told("looking for what is overland's");
  auto before = reconcile::survey_removal(machine.ports(), saved);
  told.reset();
  const std::string host = before.facts.hostname;
  if ((*values)["dry-run"].as<bool>()) {
    std::cout << (options.json ? plan_json(before.plan, host)
                               : plan::render_text(before.plan, options.color));
    return kOk;
  }
  stop_repairs(options);
  told.emplace("taking everything back, and looking again");
  const auto report =
      reconcile::purge(machine.ports(), std::move(before), options.state_file, saved);
  told.reset();
  if (options.json) {
    std::cout << report_json(report, host);
  } else {
    print_report(std::cout, report, options.color);
    if (report.complete()) std::cout << "Verified: nothing of overland is left\n";
  }
  if (saved.daemon_keys.contains("bip") && report.after.facts.docker.running) {
    // Measured with 20.10, 26.1 and 28.5: the address is stored with Docker's networks.
    spdlog::info("Docker remembers its bridge's address over restarts; for another one, set bip");
  }
  if (report.after.facts.docker.running) say_what_docker_keeps(report);
  say_left(report);
  if (report.complete()) {
    forget_applied(options);
    return kOk;
  }
  return report.locked() ? kLocked : kFailed;
}

}  // namespace overland::cli
