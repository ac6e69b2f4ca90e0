// The verb apply, and what it says of what it did.

#include "reconcile/apply.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/installed.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/told.h"
#include "cli/unchanged.h"
#include "cli/verb.h"
#include "plan/describe.h"
#include "plan/standing.h"
#include "reconcile/run_record.h"

namespace overland::cli {
namespace {

po::options_description description() {
  auto options = report_options();
  options.add_options()("restart-docker", po::bool_switch(),
                        "restart Docker where it has to read daemon.json again")(
      "adopt", po::bool_switch(),
      "take foreign routes to our destinations, and Docker's address pools, over")(
      "prune", po::bool_switch(), "remove also where too many hosts' subnets would go")(
      "recreate-networks", po::bool_switch(),
      "make Docker networks anew that containers use, and connect those again")(
      "boot", po::bool_switch(),
      "before Docker starts: do what can be done now, remove nothing, leave the rest to the next "
      "run")("full", po::bool_switch(),
             "look at everything, also where nothing has changed since all was in order")(
      "quiet,q", po::bool_switch(), "print nothing where nothing changed");
  options.add(lock_options());
  options.add(generation_options());
  options.add(run_options());
  return options;
}

bool restarted(const reconcile::ApplyReport& report) {
  return std::any_of(report.steps.begin(), report.steps.end(), [](const auto& step) {
    return std::holds_alternative<plan::RestartDockerStep>(step.step) &&
           step.status == reconcile::Status::kDone;
  });
}

void say_vain_restart(const reconcile::ApplyReport& report) {
  const auto& left = report.after.plan;
  if (!left.docker_restart_required || !restarted(report)) return;
  spdlog::error("Docker was restarted, but still: {}{}", left.docker_restart_reason,
                report.after.facts.docker.live_restore
                    ? "; with live-restore it keeps the bridge of running containers: stop them, "
                      "then restart Docker"
                    : "");
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
  if (!report.settled()) return "done: " + name + " is not as the inventory says";
  if (!session.chosen.refused.empty()) {
    return "to change: " + name + " is as the inventory applied last says";
  }
  return "to change: " + name + " is as the inventory says" +
         (report.after.plan.conflicts().empty() ? "" : " but for what somebody else holds");
}

/// What a failed verification says: never silent about a difference that is left, and of each thing
/// once. Of several passes the last one's word counts.
void say_remaining(const reconcile::ApplyReport& report) {
  std::map<std::string, const reconcile::StepReport*> last;
  for (const auto& step : report.steps) {
    auto& word = last[plan::resource(step.step)];
    const bool follows = step.status == reconcile::Status::kSkipped && word != nullptr &&
                         word->status == reconcile::Status::kFailed;
    if (!follows) word = &step;  // else skipped for its own sake
  }
  for (const auto& step : report.steps) {
    const auto resource = plan::resource(step.step);
    if (step.status == reconcile::Status::kDone || last.at(resource) != &step) continue;
    spdlog::error("{}: {}", resource, *step.why);
  }
  for (const auto& step : report.after.plan.steps) {
    const auto resource = plan::resource(step);
    const auto tried = last.find(resource);
    const bool said = tried != last.end() && tried->second->status != reconcile::Status::kDone;
    if (!said) spdlog::error("{} still differs: {}", resource, plan::detail(step));
  }
  if (!report.look_fault.empty()) {
    spdlog::error("could not look whether all is as it should be: {}", report.look_fault);
  }
}

/// What this run leaves as it is, and will the next time, too.
std::vector<model::Finding> leftovers(const reconcile::ApplyReport& report) {
  const auto& left = report.after.plan;
  auto warnings = left.conflicts();
  std::copy_if(left.findings.begin(), left.findings.end(), std::back_inserter(warnings),
               [](const auto& one) {
                 // A lost memory changes what a purge can put back: whoever repairs has to know it.
                 const bool lost =
                     one.severity == model::Severity::kAdvice && one.resource == "memory";
                 // What is held for the sake of containers stays so until somebody acts.
                 const bool network = one.severity == model::Severity::kAdvice &&
                                      one.resource.starts_with("network");
                 return lost || network || one.severity == model::Severity::kUntold;
               });
  if (left.docker_restart_required && !restarted(report)) {
    warnings.push_back({model::Severity::kAdvice, "docker",
                        "a restart of Docker is due: " + left.docker_restart_reason,
                        "allow it with --restart-docker"});
  }
  return warnings;
}

/// The report on standard output, and on standard error what it leaves, with these `warnings`.
void say(const reconcile::ApplyReport& report, const Session& session,
         const std::vector<model::Finding>& warnings, bool quiet) {
  if (session.options.json) {
    std::cout << report_json(report, session.host->name);
  } else if (!report.steps.empty()) {
    print_report(std::cout, report, session.options.color);
  } else if (!quiet) {
    std::cout << "Nothing " << nothing_done(report, session) << "\n";
  }
  if (!report.memory_fault.empty()) spdlog::warn("{}", report.memory_fault);
  log_findings(report.after.plan, session.booting);
  log_held(report.after.plan);
  for (const auto& one : warnings) log_finding(spdlog::level::warn, one);
  say_vain_restart(report);
}

reconcile::ApplyReport carry_out(Session& session, reconcile::Survey survey,
                                 const plan::Options& options) {
  const Progress told("making the changes, and looking again");
  return reconcile::apply(session.machine.ports(), std::move(survey), session.goal(),
                          session.options.state_file, session.saved, options,
                          session.options.spare_state_file);
}

/// While booting the network may still come up, and removals wait for the next run.
bool done(const reconcile::ApplyReport& report, bool booting) {
  if (!booting) return report.settled();
  return report.converged() && !plan::blind(report.after.actual);
}

/// Whether this run does what one without options does: then what it finds in order, the next one
/// would, too.
bool plain(const po::variables_map& values, const Options& given) {
  constexpr std::array kMore = {"adopt", "boot", "prune", "recreate-networks", "restart-docker"};
  return std::none_of(kMore.begin(), kMore.end(),
                      [&](const char* name) { return values[name].as<bool>(); }) &&
         !given.force_generation && given.inventory != "-";
}

/// Whether a whole look has found nothing to do and nothing to say. What the inventory's own
/// warnings say follows from its bytes, which the record holds.
bool in_order(const reconcile::ApplyReport& report, const Session& session) {
  return report.steps.empty() && report.settled() && report.after.plan.in_sync() &&
         leftovers(report).empty() && report.memory_fault.empty() && session.chosen.refused.empty();
}

/// What a run does where nothing has changed since a whole look found all in order.
int leave_alone(const std::string& host, reconcile::RunRecord& runs, const Options& given,
                bool quiet) {
  runs.last_success = now();
  runs.locked_in_a_row = 0;
  keep(given.runs_file, runs);
  if (!quiet) std::cout << "Nothing to change: " << host << " is as the inventory says\n";
  return kOk;
}

plan::Options plan_options(const po::variables_map& values) {
  plan::Options options;
  options.adopt = values["adopt"].as<bool>();
  options.restart_docker = values["restart-docker"].as<bool>();
  options.recreate_networks = values["recreate-networks"].as<bool>();
  options.evict = values["prune"].as<bool>();
  return options;
}

/// Looks at everything and repairs.
int look_and_repair(const Options& given, const po::variables_map& values,
                    reconcile::RunRecord& runs, Unchanged* unchanged) {
  const auto complained = complaints();
  const bool quiet = values["quiet"].as<bool>();
  Session session(given, Purpose::kApply);
  session.booting = values["boot"].as<bool>();
  if (unchanged != nullptr) unchanged->listen(session.machine);
  plan::Options options = plan_options(values);
  warn_of_installed(session.options, session.chosen.bytes);
  auto survey = session.survey(options, values["prune"].as<bool>());
  const auto report = carry_out(session, std::move(survey), options);
  reconcile::count_repairs(report.steps, runs);
  session.keep(report);
  const bool refused = !session.chosen.refused.empty();
  if (report.settled() && !session.booting && !refused) runs.last_success = now();
  const bool good = done(report, session.booting);
  const ExitCode locked = count_locked(runs, report.locked() && !good);
  auto warnings = session.chosen.warnings;
  std::ranges::move(leftovers(report), std::back_inserter(warnings));
  const bool nothing_to_say = in_order(report, session);
  if (stderr_is_journal()) {
    warnings = news(warnings, runs.told);
  } else if (nothing_to_say) {
    runs.told.clear();  // the next runs end at once, and forget nothing
  }
  keep(given.runs_file, runs);
  say(report, session, warnings, quiet);
  if (!good) say_remaining(report);
  const bool quiet_look = complaints() == complained + session.chosen.logged;
  if (unchanged != nullptr && nothing_to_say && quiet_look) {
    unchanged->keep(session.machine, session.chosen, *session.host, report.after.facts);
  } else if (unchanged != nullptr) {
    unchanged->forget();
  }
  if (refused) return kInventory;  // of the present inventory nothing was applied
  if (good) return kOk;
  return report.locked() ? locked : kFailed;
}

}  // namespace

int apply(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "apply [OPTIONS]", description());
  if (!values) return kOk;
  refuse_both(*values, "boot", "restart-docker");  // while booting Docker is about to start
  refuse_both(*values, "boot", "prune");           // and nothing is removed
  refuse_both(*values, "boot", "recreate-networks");
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
  std::optional<Unchanged> unchanged;
  if (plain(*values, given)) unchanged.emplace(given);
  if (unchanged && !given.json && !(*values)["full"].as<bool>()) {
    if (const auto host = unchanged->host()) return leave_alone(*host, runs, given, quiet);
  }
  keep(given.runs_file, runs);
  return look_and_repair(given, *values, runs, unchanged ? &*unchanged : nullptr);
}

}  // namespace overland::cli
