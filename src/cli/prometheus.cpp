#include "cli/prometheus.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"
#include "plan/describe.h"

namespace overland::cli {
namespace {

/// The lines Prometheus wants before the first sample of a metric.
void head(std::ostream& out, const char* name, const char* type, const char* help) {
  out << "# HELP " << name << " " << help << "\n# TYPE " << name << " " << type << "\n";
}

template <typename Value>
void gauge(std::ostream& out, const char* name, const char* help, Value value) {
  head(out, name, "gauge", help);
  out << name << " " << value << "\n";
}

template <typename Count>
void by_kind(std::ostream& out, const char* name, Count count) {
  for (const auto& kind : plan::kinds()) {
    out << name << "{kind=\"" << kind << "\"} " << count(kind) << "\n";
  }
}

/// Routes of `wanted` that lead somewhere; of them those that are in `have`.
std::pair<std::size_t, std::size_t> installed(const std::vector<model::Route>& wanted,
                                              const std::vector<model::Route>& have) {
  std::size_t desired = 0;
  std::size_t there = 0;
  for (const auto& route : wanted) {
    if (route.kind != model::RouteKind::kUnicast) continue;
    ++desired;
    if (std::binary_search(have.begin(), have.end(), route)) ++there;
  }
  return {desired, there};
}

/// What can be said without a look at the host.
void about_host(std::ostream& out, Verdict verdict, bool refused,
                const reconcile::RunRecord& runs) {
  head(out, "overland_build_info", "gauge", "The version of overland.");
  out << "overland_build_info{version=\"" << OVERLAND_VERSION << "\"} 1\n";
  gauge(out, "overland_status",
        "0: in sync; 1: nobody can tell; 2: drift, held removals or a restart of Docker is due; 3: "
        "conflicts.",
        static_cast<int>(verdict));
  gauge(out, "overland_inventory_refused",
        "1 where the present inventory is not in force, but the one applied last, or none.",
        refused ? 1 : 0);
  if (runs.last_run != 0) {
    gauge(out, "overland_last_run_timestamp_seconds", "When apply ran last.", runs.last_run);
  }
  if (runs.last_success != 0) {
    gauge(out, "overland_last_success_timestamp_seconds",
          "When apply last found or left everything as the inventory says.", runs.last_success);
  }
  head(out, "overland_repairs_total", "counter", "What apply has changed since boot.");
  by_kind(out, "overland_repairs_total", [&](const std::string& kind) {
    const auto found = runs.repairs.find(kind);
    return found == runs.repairs.end() ? std::uint64_t{0} : found->second;
  });
}

/// A folder we made would be one that no collector reads.
void require_folder(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  throw base::Error(base::ErrorKind::kFailure,
                    "no metrics are written to " + base::printable(file) + ": there is no folder " +
                        base::printable(folder.string()) + "; make it, or name another file");
}

}  // namespace

std::string prometheus_text(const reconcile::Survey& survey, const reconcile::RunRecord& runs,
                            const InventoryNumbers& inventory) {
  std::ostringstream out;
  const auto& plan = survey.plan;
  about_host(out, verdict_of(plan, inventory.refused), inventory.refused, runs);
  head(out, "overland_inventory_info", "gauge", "The inventory; its hash is that of its bytes.");
  out << "overland_inventory_info{hash=\"" << inventory.hash << "\"} 1\n";
  if (inventory.generation) {
    gauge(out, "overland_inventory_generation", "The inventory's own count of roll-outs.",
          *inventory.generation);
  }
  head(out, "overland_drift_items", "gauge", "What apply would change now.");
  by_kind(out, "overland_drift_items", [&](const std::string& kind) {
    return std::count_if(plan.steps.begin(), plan.steps.end(),
                         [&](const auto& step) { return kind == plan::kind(step); });
  });
  gauge(out, "overland_findings", "What could not be looked at, or does not fit.",
        plan.holding().size());
  gauge(out, "overland_held_removals", "What apply would take away with --prune only.",
        std::max(plan.held.size(), std::size_t{plan.held_reason.empty() ? 0U : 1U}));
  const auto [desired, there] = installed(survey.desired.routes, survey.actual.state.routes);
  gauge(out, "overland_routes_desired", "Routes by the inventory.", desired);
  gauge(out, "overland_routes_installed", "Those of them that are in force.", there);
  gauge(out, "overland_conflicts", "Foreign things in our way.", plan.conflicts().size());
  gauge(out, "overland_docker_restart_required", "1 where Docker has to read daemon.json again.",
        plan.docker_restart_required ? 1 : 0);
  return out.str();
}

std::string prometheus_text(const reconcile::RunRecord& runs, bool refused) {
  std::ostringstream out;
  about_host(out, Verdict::kUnknown, refused, runs);
  return out.str();
}

std::string watch_metrics(std::size_t fights, bool pending) {
  std::ostringstream out;
  gauge(out, "overland_watch_fights", "Things of ours that somebody undoes again and again.",
        fights);
  gauge(out, "overland_inventory_pending",
        "1 where the present inventory is valid, and not applied yet.", pending ? 1 : 0);
  return out.str();
}

std::string source_metrics(const std::optional<source::Record>& record) {
  if (!record) return {};
  std::ostringstream out;
  gauge(out, "overland_source_fault", "1 where the last overland fetch failed.",
        record->fault.empty() ? 0 : 1);
  gauge(out, "overland_source_last_success_timestamp_seconds",
        "When overland fetch last had the inventory from its source; 0: never.",
        record->last_success);
  return out.str();
}

void write_metrics(const std::string& file, const std::string& text) {
  if (file == "-") {
    std::cout << text;
  } else {
    require_folder(file);
    // Readable by the node exporter, which is not root and may be the folder's owner.
    base::replace_file(file, text, {0644, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
  }
}

}  // namespace overland::cli
