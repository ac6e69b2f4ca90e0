// The verb try: a change that is undone unless somebody confirms it.

#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/installed.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/question.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "reconcile/rollback.h"
#include "trial/scope.h"
#include "trial/watchdog.h"

namespace overland::cli {
namespace {

enum Made : int { kWhole = 0, kRestartDue = 2 };  // beside trial::kNotWhole

/// Rolls back with adapters, and a time for neighbours, of its own; the faults, a line each.
std::string undo(const Session& session, const reconcile::Before& before) {
  const Options& options = session.options;
  std::string text;
  try {
    Machine machine(options);
    const auto& dockerd = session.host->docker.program;
    if (dockerd) machine.prefer_dockerd(*dockerd);
    for (const auto& fault : reconcile::roll_back(machine.ports(), before, options.state_file)) {
      text += (text.empty() ? "" : "\n") + fault;
    }
  } catch (const std::exception& error) {
    text = error.what();
  }
  return text;
}

/// The same in the watchdog, which has nobody to tell but the journal.
std::string undo_alone(const Session& session, const reconcile::Before& before, trial::End end) {
  set_up_system_log();
  spdlog::warn("rolling the trial back: {}", trial::describe(end));
  std::string faults = undo(session, before);
  log_lines(spdlog::level::err, faults);
  if (faults.empty()) spdlog::info("rolled back: the host is as it was before the trial");
  return faults;
}

/// In the watchdog too: whoever confirms is told what that is worth.
std::string keep(const Session& session, int made, bool install) {
  if (install) install_inventory(session.chosen.bytes);
  mark_in_force(session.options, session.chosen);
  auto text = describe(Kept{install, installed_differs(session.chosen.bytes), made == kRestartDue});
  try {
    session.remember_tried();
  } catch (const base::Error& error) {
    text += std::string("\nWhat hosts had before is not remembered: ") + error.what();
  }
  return text;
}

po::options_description description() {
  auto options = report_options();
  options.add_options()("timeout", po::value<std::int64_t>()->default_value(120),
                        "seconds to make the change in, and then to wait for a confirmation")(
      "prune", po::bool_switch(), "remove also where too many hosts' subnets would go");
  options.add(lock_options());
  options.add(generation_options());
  return options;
}

/// Applies and prints the report; what came of it.
int carry_out(Session& session, reconcile::Survey survey, const plan::Options& options) {
  const auto report = reconcile::apply(session.machine.ports(), std::move(survey), session.goal(),
                                       session.options.state_file, session.saved, options,
                                       session.options.spare_state_file);
  if (session.options.json) {
    std::cout << report_json(report, session.host->name);
  } else {
    print_report(std::cout, report, session.options.color);
  }
  std::cout.flush();
  if (!report.memory_fault.empty()) spdlog::warn("{}", report.memory_fault);
  log_findings(report.after.plan, false);
  log_leftovers(report.after.plan);
  if (!report.converged()) return trial::kNotWhole;
  return report.after.plan.docker_restart_required ? kRestartDue : kWhole;
}

int carry_out_or_say(Session& session, reconcile::Survey survey, const plan::Options& options) {
  try {
    return carry_out(session, std::move(survey), options);
  } catch (const std::exception& error) {
    log_lines(spdlog::level::err, error.what());
    return trial::kNotWhole;
  }
}

void guard(const trial::Watchdog& watchdog) {
  try {
    trial::move_to_scope(watchdog.pid(), "overland-try.scope", "Rolls an overland trial back");
  } catch (const base::Error& error) {
    spdlog::warn("{}; the end of this login may end it too", error.what());
  }
}

/// Where sentences go: with --json standard output holds one document, the report.
std::ostream& words(const Options& options) { return options.json ? std::cerr : std::cout; }

int say_rolled_back(const Options& options, const std::string& why, const std::string& faults) {
  if (!faults.empty()) {
    spdlog::error("rolled back, since {}, but not all of it:", why);
    log_lines(spdlog::level::err, faults);
    return kFailed;
  }
  words(options) << "Rolled back, since " << why << ": the host is as it was before\n";
  return kFailed;
}

int say_nothing_to_try(const Session& session, reconcile::Survey survey) {
  log_findings(survey.plan, false);
  const bool ok = survey.plan.settled();
  reconcile::ApplyReport report;
  report.after = std::move(survey);
  if (session.options.json) std::cout << report_json(report, session.host->name);
  words(session.options) << "Nothing to try: " << session.host->name
                         << (ok ? " is as the inventory says\n" : " is as far as can be seen\n");
  return ok ? kOk : kFailed;
}

}  // namespace

int try_out(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "try [OPTIONS]", description());
  if (!values) return kOk;
  const Options given = read_options(*values);
  const std::chrono::seconds timeout(seconds(*values, "timeout", 1));
  require_privilege();
  ::signal(SIGPIPE, SIG_IGN);  // whoever reads what we print may go at any time
  ::signal(SIGTSTP, SIG_IGN);  // stopped, we would keep the lock when the trial is over
  const Lock lock = take_lock(given);
  Session session(given, Purpose::kTry);
  warn_of_installed(given, session.chosen.bytes);
  plan::Options options;
  auto survey = session.survey(options, (*values)["prune"].as<bool>());
  if (survey.plan.holding().empty() && !survey.plan.prunes) {
    log_leftovers(survey.plan);
    throw base::Error(base::ErrorKind::kFailure, "no trial of a part: give --prune");
  }
  if (survey.plan.empty()) return say_nothing_to_try(session, std::move(survey));
  const auto before = reconcile::remember_before(session.machine.ports(), survey, given.state_file);
  const trial::Work work = {[&] { return carry_out_or_say(session, std::move(survey), options); },
                            [&](trial::End end) { return undo_alone(session, before, end); },
                            [&](int made, bool install) { return keep(session, made, install); }};
  std::cout.flush();
  const base::UniqueFd stopped = catch_stops();
  trial::Watchdog watchdog(trial_places(given), timeout, work);
  guard(watchdog);
  watchdog.begin();
  wait_for_end(watchdog, stopped, timeout, words(given));
  const auto verdict = watchdog.verdict();
  if (!verdict) {
    ::signal(SIGHUP, SIG_IGN);  // now it is on us
    spdlog::error("the watchdog died: rolling back from here");
    const std::string faults = undo(session, before);
    if (faults.empty()) trial::clear(trial_places(given));
    return say_rolled_back(given, "the watchdog died", faults);
  }
  if (verdict->end != trial::End::kConfirmed) {
    return say_rolled_back(given, trial::describe(verdict->end), verdict->text);
  }
  words(given) << verdict->text << "\n";
  return kOk;
}

}  // namespace overland::cli
