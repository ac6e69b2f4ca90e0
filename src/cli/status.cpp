// The verb status.

#include <unistd.h>

#include <iostream>

#include "base/file.h"
#include "cli/exit_code.h"
#include "cli/prometheus.h"
#include "cli/session.h"
#include "cli/status_report.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

po::options_description description() {
  auto options = machine_options();
  options.add_options()("prometheus", po::value<std::string>()->value_name("FILE"),
                        "write metrics there instead of printing; - is standard output");
  options.add(run_options());
  return options;
}

void write_metrics(const std::string& file, const std::string& text) {
  if (file == "-") {
    std::cout << text;
  } else {
    // Readable by the node exporter, which is not root and may be the folder's owner.
    base::replace_file(file, text, {0644, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
  }
}

}  // namespace

int status(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "status [OPTIONS]", description());
  if (!values) return kOk;
  refuse_both(*values, "prometheus", "json");
  const bool metrics = values->count("prometheus") != 0;
  Session session(read_options(*values), metrics ? Purpose::kMeasure : Purpose::kLook);
  overland::plan::Options options;
  auto survey = session.survey(options, false);
  reconcile::look_who_drops(session.machine.ports(), survey);
  if (metrics) {
    const bool refused = !session.chosen.refused.empty();
    const auto runs = reconcile::load_runs(session.options.runs_file);
    write_metrics((*values)["prometheus"].as<std::string>(),
                  prometheus_text(survey, runs,
                                  {session.chosen.hash, session.inventory.generation, refused}));
    return refused ? kInventory : kOk;
  }
  const StatusReport report = make_status(session.inventory, *session.host, survey);
  std::cout << (session.options.json ? status_json(report)
                                     : status_text(report, session.options.color));
  return kOk;
}

}  // namespace overland::cli
