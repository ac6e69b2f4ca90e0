#pragma once
// What apply and purge print.

#include <ostream>
#include <string>

#include "reconcile/apply.h"

namespace overland::cli {

/// One line a step, then the summary; a failed step says why.
void print_report(std::ostream& out, const reconcile::ApplyReport& report, bool color);

/// {"schema_version": 2, "host": …, "changed": …, "converged": …, "steps": […], "conflicts": […],
///  "docker_restart_required": …}
std::string report_json(const reconcile::ApplyReport& report, const std::string& host);

}  // namespace overland::cli
