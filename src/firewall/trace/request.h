#pragma once
// What overland-trace is asked and what it answers, on its command line and standard output: link
// names are bytes there, so that no encoding stands between.

#include <string>
#include <vector>

#include "model/finding.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// The policy as arguments: variant, mark, links, the tunnel's port and senders and, of each list,
/// the first kMostTraced. What they leave out is not followed.
std::vector<std::string> trace_arguments(const model::FirewallPolicy& policy);
/// The reverse. Throws kUsage.
model::FirewallPolicy traced_policy(const std::vector<std::string>& arguments);

/// The answer as one JSON document.
std::string trace_answer(const std::vector<model::Finding>& found);
/// The reverse. Throws kInvalid.
std::vector<model::Finding> traced_answer(const std::string& text);

}  // namespace overland::firewall::trace
