// The verb purge.

#include "reconcile/purge.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <iostream>

#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/plan_json.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "plan/describe.h"
#include "plan/render.h"

namespace overland::cli {

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
  auto before = reconcile::survey_removal(machine.ports(), saved);
  const std::string host = before.facts.hostname;
  if ((*values)["dry-run"].as<bool>()) {
    std::cout << (options.json ? plan_json(before.plan, host)
                               : plan::render_text(before.plan, options.color));
    return kOk;
  }
  const auto report =
      reconcile::purge(machine.ports(), std::move(before), options.state_file, saved);
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
  if (!report.memory_fault.empty()) spdlog::error("{}", report.memory_fault);
  log_findings(report.after.plan, false);
  for (const auto& step : report.after.plan.steps) {
    spdlog::error("{} is still there: {}", plan::resource(step), plan::detail(step));
  }
  if (report.complete()) {
    forget_applied(options);
    return kOk;
  }
  return report.locked() ? kLocked : kFailed;
}

}  // namespace overland::cli
