// The verb probe.

#include <cmath>
#include <cstdint>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/probe_run.h"
#include "cli/progress.h"
#include "cli/prometheus.h"
#include "cli/session.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

po::options_description description() {
  po::options_description options("Probing");
  options.add_options()("tcp", po::value<std::int64_t>()->value_name("PORT"),
                        "connect to this port as well")("any", po::bool_switch(),
                                                        "also an address outside of the cluster")(
      "timeout", po::value<double>()->default_value(3.5, "3.5")->value_name("S"),
      "seconds to wait for answers, of all peers together")(
      "prometheus", po::value<std::string>()->value_name("FILE"),
      "write metrics there instead of printing; - is standard output")(
      "peer", po::value<std::vector<std::string>>(),
      "PEER, ADDRESS or SUBNET to probe; may be given without the option; none: all peers");
  options.add(report_options());
  return options;
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

ProbeOptions probe_options(const po::variables_map& values) {
  ProbeOptions options;
  const double timeout = values["timeout"].as<double>();
  if (!(timeout >= 0.1 && timeout <= 600)) refuse("--timeout takes 0.1 to 600 seconds");
  options.timeout = std::chrono::milliseconds(std::lround(timeout * 1000));
  if (values.count("tcp") != 0) {
    const auto port = values["tcp"].as<std::int64_t>();
    if (port < 1 || port > 65535) refuse("--tcp takes a port, 1 to 65535");
    options.tcp = static_cast<std::uint16_t>(port);
  }
  return options;
}

ProbeReport report_of(Session& session, const po::variables_map& values,
                      const ProbeOptions& options) {
  const auto asked = values.count("peer") == 0 ? std::vector<std::string>()
                                               : values["peer"].as<std::vector<std::string>>();
  const auto peers =
      overland::probe::targets(session.inventory, *session.host, asked, values["any"].as<bool>());
  if (!peers.empty()) {
    const Progress told("probing");
    return run_probe(session, peers, options);
  }
  ProbeReport report;
  report.host = session.host->name;
  report.notes.emplace_back("the inventory has no other host");
  return report;
}

/// What an earlier probe found would go on saying that all is well.
int measure(const po::variables_map& values, const ProbeOptions& options) {
  const auto file = values["prometheus"].as<std::string>();
  try {
    Session session(read_options(values), Purpose::kMeasure);
    write_metrics(file, probe_metrics(report_of(session, values, options)));
    return session.chosen.refused.empty() ? kOk : kInventory;
  } catch (const base::Error& error) {
    using base::ErrorKind;
    if (error.kind() == ErrorKind::kPrivilege || error.kind() == ErrorKind::kUsage ||
        error.kind() == ErrorKind::kLocked) {
      throw;
    }
    write_metrics(file, probe_failed_metrics());
    throw;
  }
}

}  // namespace

int probe(const std::vector<std::string>& arguments) {
  constexpr int kAnyNumber = -1;
  const auto values = parse(arguments, "probe [OPTIONS] [PEER|ADDRESS|SUBNET...]", description(),
                            "peer", kAnyNumber);
  if (!values) return kOk;
  refuse_both(*values, "prometheus", "json");
  refuse_both(*values, "prometheus", "peer");
  const ProbeOptions options = probe_options(*values);
  if (values->count("prometheus") != 0) return measure(*values, options);
  // What is in force is what can be probed, whatever stands in a file that is refused.
  Session session(read_options(*values), Purpose::kMeasure);
  const auto report = report_of(session, *values, options);
  std::cout << (session.options.json ? probe_json(report)
                                     : probe_text(report, session.options.color));
  if (!session.chosen.refused.empty()) return kInventory;
  return report.all_reached() ? kOk : kFailed;
}

}  // namespace overland::cli
