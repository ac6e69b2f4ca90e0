// The verb status.

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/prometheus.h"
#include "cli/session.h"
#include "cli/status_peer.h"
#include "cli/status_report.h"
#include "cli/verb.h"
#include "cli/watch_told.h"
#include "reconcile/nouns.h"

namespace overland::cli {
namespace {

po::options_description description() {
  auto options = report_options();
  options.add_options()(
      "check", po::bool_switch(),
      "say it by the exit code, the gravest that is so: 3 conflicts, 2 drift, held removals or a "
      "restart of Docker that is due, 1 nobody can tell, 0 in sync")(
      "peer", po::value<std::string>(),
      "PEER: all about one host, by name or address; may be given without the option")(
      "prometheus", po::value<std::string>()->value_name("FILE"),
      "write metrics there instead of printing; - is standard output");
  options.add(run_options());
  return options;
}

std::int64_t now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
}

/// Why the present inventory does not count; empty where it does.
std::string refusal(const Session& session) {
  return session.chosen.refused.empty() ? session.fault : session.chosen.refused;
}

reconcile::Survey look(Session& session) {
  plan::Options options;
  auto survey = session.survey(options, false);
  for (auto& fight : load_fights(session.options)) survey.plan.findings.push_back(fight);
  if (trial::left_behind(trial_places(session.options))) {
    survey.plan.findings.push_back({model::Severity::kMisfit, "trial",
                                    "it was killed before anybody confirmed it, and may stand",
                                    "overland apply takes it back"});
  }
  reconcile::look_who_drops(session.machine.ports(), survey);
  return survey;
}

StatusReport report_of(Session& session, reconcile::Survey& survey, const std::string& named) {
  Background background{session.options.inventory, session.chosen.hash, refusal(session),
                        reconcile::load_runs(session.options.runs_file), now()};
  background.source = fetched(session.options);
  reconcile::answered("neighbours", survey.plan.findings,
                      [&] { background.neighbours = session.machine.ports().links.neighbours(); });
  const auto& inventory = session.inventory;
  const auto* peer = named.empty() ? nullptr : &find_peer(inventory, *session.host, named);
  std::shared_ptr<const PeerDetail> detail;
  if (peer != nullptr) {
    detail = std::make_shared<PeerDetail>(
        peer_detail(inventory, *session.host, *peer, survey, background.neighbours));
  }
  auto report = make_status(inventory, *session.host, survey, std::move(background));
  if (peer != nullptr) {
    std::erase_if(report.peers, [&](const auto& one) { return one.name != peer->name; });
  }
  report.peer = std::move(detail);
  return report;
}

ExitCode checked(const plan::Plan& plan, bool check) {
  return check ? static_cast<ExitCode>(verdict_of(plan, false)) : kOk;
}

int print(Session& session, const po::variables_map& values) {
  const auto named = values.count("peer") == 0 ? "" : values["peer"].as<std::string>();
  if (!named.empty()) find_peer(session.inventory, *session.host, named);  // before all the looking
  auto survey = look(session);
  const StatusReport report = report_of(session, survey, named);
  std::cout << (session.options.json ? status_json(report)
                                     : status_text(report, session.options.color));
  if (!session.fault.empty()) log_lines(spdlog::level::err, session.fault);
  return refusal(session).empty() ? checked(report.plan, values["check"].as<bool>()) : kInventory;
}

/// Metrics that stay as they were when something breaks would say that all is well: they are
/// written whatever there is to say.
int measure(const Options& options, const po::variables_map& values) {
  const auto file = values["prometheus"].as<std::string>();
  const auto runs = reconcile::load_runs(options.runs_file);
  try {
    Session session(options, Purpose::kMeasure);
    const auto survey = look(session);
    const bool refused = !refusal(session).empty();
    write_metrics(file,
                  prometheus_text(survey, runs,
                                  {session.chosen.hash, session.inventory.generation, refused}) +
                      source_metrics(fetched(options)));
    if (!session.fault.empty()) log_lines(spdlog::level::err, session.fault);
    return refused ? kInventory : checked(survey.plan, values["check"].as<bool>());
  } catch (const base::Error& error) {
    using base::ErrorKind;
    if (error.kind() == ErrorKind::kPrivilege || error.kind() == ErrorKind::kUsage) throw;
    write_metrics(file, prometheus_text(runs, error.kind() == ErrorKind::kInventory) +
                            source_metrics(fetched(options)));
    throw;
  }
}

}  // namespace

int status(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "status [OPTIONS] [PEER]", description(), "peer");
  if (!values) return kOk;
  refuse_both(*values, "prometheus", "json");
  refuse_both(*values, "prometheus", "peer");
  const Options options = read_options(*values);
  if (values->count("prometheus") != 0) return measure(options, *values);
  Session session(options, Purpose::kMeasure);
  return print(session, *values);
}

}  // namespace overland::cli
