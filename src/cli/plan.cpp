// The verb plan.

#include "plan/plan.h"

#include <iostream>

#include "cli/exit_code.h"
#include "cli/plan_json.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "plan/render.h"

namespace overland::cli {

int plan(const std::vector<std::string>& arguments) {
  auto description = report_options();
  description.add_options()(
      "detailed-exitcode", po::bool_switch(),
      "0: nothing to change, 2: changes, or Docker has to restart; 1: not all could be looked "
      "at, or fits; more: an error")(
      "adopt", po::bool_switch(),
      "plan to take foreign routes to our destinations, and Docker's address pools, over")(
      "prune", po::bool_switch(), "plan removals also where too many hosts' subnets would go")(
      "restart-docker", po::bool_switch(), "plan a restart of Docker where one is due")(
      "recreate-networks", po::bool_switch(),
      "plan Docker networks anew that containers use, and to connect those again");
  const auto values = parse(arguments, "plan [OPTIONS]", description);
  if (!values) return kOk;
  Session session(read_options(*values), Purpose::kLook);
  overland::plan::Options options;
  options.adopt = (*values)["adopt"].as<bool>();
  options.restart_docker = (*values)["restart-docker"].as<bool>();
  options.recreate_networks = (*values)["recreate-networks"].as<bool>();
  options.evict = (*values)["prune"].as<bool>();
  auto survey = session.survey(options, (*values)["prune"].as<bool>());
  reconcile::look_who_drops(session.machine.ports(), survey);
  std::cout << (session.options.json
                    ? plan_json(survey.plan, session.host->name)
                    : overland::plan::render_text(survey.plan, session.options.color));
  if (!(*values)["detailed-exitcode"].as<bool>()) return kOk;
  if (survey.plan.drifted() || survey.plan.docker_restart_required) return kPending;
  return survey.plan.settled() ? kOk : kFailed;  // nobody can tell
}

}  // namespace overland::cli
