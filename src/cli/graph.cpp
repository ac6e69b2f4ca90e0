// The verb graph: the topology as a drawing, with --live in the colours of this host's state.

#include "desired/graph.h"

#include <algorithm>
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
Mark worst(const std::map<std::string, Mark>& states, const std::vector<model::Prefix>& subnets) {
  Mark mark = Mark::kNone;
  for (const auto& subnet : subnets) {
    const auto found = states.find(subnet.to_string());
    if (found != states.end()) mark = std::max(mark, found->second);
  }
  return mark;
}

Mark mark_of(Tone tone) {
  if (tone == Tone::kGood) return Mark::kOk;
  return tone == Tone::kDoubtful ? Mark::kDoubt : Mark::kDrift;
}

Mark mark_of(Verdict verdict) {
  if (verdict == Verdict::kInSync) return Mark::kOk;
  return verdict == Verdict::kConflict ? Mark::kDrift : Mark::kDoubt;
}

/// This host by all that it owns, and the others by its ways to them, as status words them.
desired::Marks look(Session& session) {
  overland::plan::Options options;
  auto survey = session.survey(options, false);
  reconcile::look_who_drops(session.machine.ports(), survey);
  const auto report = make_status(session.inventory, *session.host, survey,
                                  {.neighbours = session.machine.ports().links.neighbours()});
  std::map<std::string, Mark> states;
  for (const auto& peer : report.peers) states[peer.subnet] = mark_of(peer.state.tone);
  desired::Marks marks;
  for (const auto& host : session.inventory.hosts) {
    marks.hosts.push_back(worst(states, host.bridge_subnets()));
  }
  for (const auto& segment : session.inventory.segments) {
    marks.segments.push_back(worst(states, {segment.subnet}));
  }
  marks.self = static_cast<std::size_t>(session.host - session.inventory.hosts.data());
  marks.hosts[*marks.self] = mark_of(report.verdict);
  return marks;
}

}  // namespace

int graph(const std::vector<std::string>& arguments) {
  po::options_description options("Drawing");
  options.add_options()("format", po::value<std::string>()->default_value("dot"),
                        "dot (for Graphviz) or mermaid (for Markdown)")(
      "live", po::bool_switch(),
      "colour this host, and the others by its ways to them, as status does");
  options.add(machine_options());
  const auto values = parse(arguments, "graph [OPTIONS]", options);
  if (!values) return kOk;
  const auto format = (*values)["format"].as<std::string>();
  if (format != "dot" && format != "mermaid") {
    throw base::Error(base::ErrorKind::kUsage, "--format takes dot or mermaid");
  }
  const Options given = read_options(*values);
  const auto draw = format == "dot" ? desired::draw_dot : desired::draw_mermaid;
  if ((*values)["live"].as<bool>()) {
    Session session(given, Purpose::kLook);
    std::cout << draw(session.inventory, look(session));
  } else {
    std::cout << draw(load_inventory(given.inventory, given.fragments), {});
  }
  return kOk;
}

}  // namespace overland::cli
