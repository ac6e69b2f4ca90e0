#include <iostream>

#include "cli/exit_code.h"
#include "cli/session.h"
#include "cli/status_report.h"
#include "cli/verb.h"

namespace overland::cli {

int status(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "status [OPTIONS]", machine_options());
  if (!values) return kOk;
  Session session(read_options(*values));
  overland::plan::Options options;
  const auto survey = session.survey(options, false);
  const StatusReport report = make_status(session.inventory, *session.host, survey);
  std::cout << (session.options.json ? status_json(report)
                                     : status_text(report, session.options.color));
  return kOk;
}

}  // namespace overland::cli
