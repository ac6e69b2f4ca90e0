// The verb graph: the topology as a drawing, with --live in the colours of this host's state.

#include "desired/graph.h"

#include <iostream>
#include <map>

#include "cli/exit_code.h"
#include "cli/session.h"
#include "cli/status_report.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

using desired::Mark;

/// The worst that `states` holds for any of `subnets`.
Mark worst(const std::map<std::string, bool>& states, const std::vector<model::Prefix>& subnets) {
  Mark mark = Mark::kNone;
  for (const auto& subnet : subnets) {
    const auto found = states.find(subnet.to_string());
    if (found == states.end()) continue;
    if (!found->second) return Mark::kDrift;
    mark = Mark::kOk;
  }
  return mark;
}

/// This host by all that it owns, and the others by its routes to them.
desired::Marks look(Session& session) {
  overland::plan::Options options;
  const auto report = make_status(session.inventory, *session.host, session.survey(options, false));
  std::map<std::string, bool> states;
  for (const auto& peer : report.peers) states[peer.subnet] = peer.state == "ok";
  desired::Marks marks;
  for (const auto& host : session.inventory.hosts) {
    marks.hosts.push_back(worst(states, host.bridge_subnets()));
  }
  for (const auto& segment : session.inventory.segments) {
    marks.segments.push_back(worst(states, {segment.subnet}));
  }
  marks.self = static_cast<std::size_t>(session.host - session.inventory.hosts.data());
  marks.hosts[*marks.self] = report.plan.in_sync() ? Mark::kOk : Mark::kDrift;
  return marks;
}

}  // namespace

int graph(const std::vector<std::string>& arguments) {
  po::options_description options("Drawing");
  options.add_options()("format", po::value<std::string>()->default_value("dot"),
                        "dot (for Graphviz) or mermaid (for Markdown)")(
      "live", po::bool_switch(),
      "colour what differs on this host: itself, and those it has no right route to");
  options.add(machine_options());
  const auto values = parse(arguments, "graph [OPTIONS]", options);
  if (!values) return kOk;
  const auto format = (*values)["format"].as<std::string>();
  if (format != "dot" && format != "mermaid") {
    throw base::Error(base::ErrorKind::kUsage, "--format takes dot or mermaid");
  }
  const Options given = read_options(*values);
  if (given.json) {
    throw base::Error(base::ErrorKind::kUsage, "graph prints DOT or Mermaid; it has no --json");
  }
  const auto draw = format == "dot" ? desired::draw_dot : desired::draw_mermaid;
  if ((*values)["live"].as<bool>()) {
    Session session(given, Purpose::kLook);
    std::cout << draw(session.inventory, look(session));
  } else {
    std::cout << draw(load_inventory(given.inventory), {});
  }
  return kOk;
}

}  // namespace overland::cli
