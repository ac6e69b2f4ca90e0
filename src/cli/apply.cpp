// The verb apply, and what it says of what it did.

#include "reconcile/apply.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/installed.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "plan/describe.h"
#include "plan/standing.h"
#include "reconcile/run_record.h"

namespace overland::cli {
namespace {

po::options_description description() {
  auto options = machine_options();
  options.add_options()("restart-docker", po::bool_switch(),
                        "restart Docker where it has to read daemon.json again")(
      "adopt", po::bool_switch(), "take foreign routes to our destinations over")(
      "prune", po::bool_switch(), "remove also where too many hosts' subnets would go")(
      "boot", po::bool_switch(),
      "before Docker starts: do what can be done now, remove nothing, leave the rest to the next "
      "run")("quiet,q", po::bool_switch(), "print nothing where nothing changed");
  options.add(lock_options());
  options.add(generation_options());
  options.add(run_options());
  return options;
}

void say_restart_due(const reconcile::ApplyReport& report) {
  const auto& left = report.after.plan;
  if (!left.docker_restart_required) return;
  const bool tried =
      std::any_of(report.steps.begin(), report.steps.end(), [](const reconcile::StepReport& step) {
        return std::holds_alternative<plan::RestartDockerStep>(step.step) &&
               step.status == reconcile::Status::kDone;
      });
  if (!tried) {
    spdlog::warn("a restart of Docker is due: {}; allow it with --restart-docker",
                 left.docker_restart_reason);
  } else if (report.after.facts.docker.live_restore) {
    spdlog::error(
        "Docker was restarted, but still: {}; with live-restore it keeps the bridge of "
        "running containers: stop them, then restart Docker",
        left.docker_restart_reason);
  } else {
    spdlog::error("Docker was restarted, but still: {}", left.docker_restart_reason);
  }
}

std::int64_t now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
}

/// Numbers for monitoring are no reason to fail.
void keep(const std::string& file, const reconcile::RunRecord& runs) {
  try {
    reconcile::store_runs(file, runs);
  } catch (const base::Error& error) {
    spdlog::warn("{}", error.what());
  }
}

std::string nothing_done(const reconcile::ApplyReport& report, const Session& session) {
  const std::string name = session.host->name;
  if (!report.in_sync()) return "done: " + name + " is not as the inventory says";
  if (!session.chosen.refused.empty()) {
    return "to change: " + name + " is as the inventory applied last says";
  }
  return "to change: " + name + " is as the inventory says" +
         (report.after.plan.conflicts().empty() ? "" : " but for what somebody else holds");
}

/// What a failed verification says: never silent about a difference that is left.
void say_remaining(const reconcile::ApplyReport& report) {
  for (const auto& step : report.steps) {
    if (step.status == reconcile::Status::kDone) continue;
    spdlog::error("{}: {}", plan::resource(step.step), *step.why);
  }
  for (const auto& step : report.after.plan.steps) {
    spdlog::error("{} still differs: {}", plan::resource(step), plan::detail(step));
  }
  if (!report.look_fault.empty()) {
    spdlog::error("could not look whether all is as it should be: {}", report.look_fault);
  }
}

/// The report on standard output, and what it leaves on standard error.
void say(const reconcile::ApplyReport& report, const Session& session, bool quiet) {
  if (session.options.json) {
    std::cout << report_json(report, session.host->name);
  } else if (!report.steps.empty()) {
    print_report(std::cout, report, session.options.color);
  } else if (!quiet) {
    std::cout << "Nothing " << nothing_done(report, session) << "\n";
  }
  if (!report.memory_fault.empty()) spdlog::warn("{}", report.memory_fault);
  log_findings(report.after.plan, session.booting);
  log_leftovers(report.after.plan);
  for (const auto& one : report.after.plan.findings) {
    if (one.severity == model::Severity::kUntold) log_finding(spdlog::level::warn, one);
  }
  say_restart_due(report);
}

/// While booting the network may still come up, and removals wait for the next run.
bool done(const reconcile::ApplyReport& report, bool booting) {
  if (!booting) return report.in_sync();
  return report.converged() && !plan::blind(report.after.actual);
}

}  // namespace

int apply(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "apply [OPTIONS]", description());
  if (!values) return kOk;
  refuse_both(*values, "boot", "restart-docker");  // while booting Docker is about to start
  refuse_both(*values, "boot", "prune");           // and nothing is removed
  Options given = read_options(*values);
  const bool booting = (*values)["boot"].as<bool>();
  if (booting) given.deadline = std::chrono::seconds(10);  // Docker waits for this run
  require_privilege();
  ::signal(SIGPIPE, SIG_IGN);  // whoever reads what we print may go at any time
  const bool quiet = (*values)["quiet"].as<bool>();
  const auto lock = take_lock_or_count(given, quiet);
  if (const auto* code = std::get_if<ExitCode>(&lock)) return *code;
  auto runs = reconcile::load_runs(given.runs_file);
  runs.last_run = now();
  keep(given.runs_file, runs);
  Session session(given, Purpose::kApply);
  session.booting = booting;
  plan::Options options;
  options.adopt = (*values)["adopt"].as<bool>();
  options.restart_docker = (*values)["restart-docker"].as<bool>();
  warn_of_installed(session.options, session.chosen.bytes);
  auto survey = session.survey(options, (*values)["prune"].as<bool>());
  const auto report = reconcile::apply(session.machine.ports(), std::move(survey), session.goal(),
                                       session.options.state_file, session.saved, options,
                                       session.options.spare_state_file);
  reconcile::count_repairs(report.steps, runs);
  session.keep(report);
  const bool refused = !session.chosen.refused.empty();
  if (report.in_sync() && !session.booting && !refused) runs.last_success = now();
  const bool good = done(report, session.booting);
  const ExitCode locked = count_locked(runs, report.locked() && !good);
  keep(given.runs_file, runs);
  say(report, session, quiet);
  if (!good) say_remaining(report);
  if (refused) return kInventory;  // of the present inventory nothing was applied
  if (good) return kOk;
  return report.locked() ? locked : kFailed;
}

}  // namespace overland::cli
