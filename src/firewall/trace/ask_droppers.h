#pragma once
// Who else drops, asked of overland-trace, a program of its own: it reads what anybody may have put
// into nf_tables, and what ends it ends nothing else. The answer is remembered beside nf_tables'
// generation; while nothing has moved nobody is asked. Legacy tables have no generation: where one
// lives, it is asked each time.

#include <filesystem>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "model/finding.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

struct TraceOptions {
  /// Where it is installed.
  std::string program = OVERLAND_TRACE_PROGRAM;
  /// The answer given last: a hint, believed only where it is root's and of this boot, network
  /// namespace, generation, program and question.
  std::filesystem::path hint = "/run/overland/trace.json";
};

/// Throws nothing that the program or the hint do: what could not be asked is one finding
/// (kUntold). Takes at most 5 s, and no more than what is left of `deadline`.
std::vector<model::Finding> ask_droppers(const model::FirewallPolicy& policy,
                                         const TraceOptions& options,
                                         const base::Deadline& deadline);

}  // namespace overland::firewall::trace
