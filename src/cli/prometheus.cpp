#include "cli/prometheus.h"

#include <algorithm>
#include <sstream>

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

/// Desired routes that are in force as they should be.
std::size_t installed(const reconcile::Survey& survey) {
  const auto& have = survey.actual.state.routes;
  return static_cast<std::size_t>(std::count_if(
      survey.desired.routes.begin(), survey.desired.routes.end(),
      [&](const auto& wanted) { return std::binary_search(have.begin(), have.end(), wanted); }));
}

}  // namespace

std::string content_hash(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // offset basis and prime of FNV-1a, 64 bits
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  std::ostringstream digits;
  digits.width(16);
  digits.fill('0');
  digits << std::hex << hash;
  return digits.str();
}

std::string prometheus_text(const reconcile::Survey& survey, const reconcile::RunRecord& runs,
                            const InventoryNumbers& inventory) {
  std::ostringstream out;
  head(out, "overland_build_info", "gauge", "The version of overland.");
  out << "overland_build_info{version=\"" << OVERLAND_VERSION << "\"} 1\n";
  head(out, "overland_inventory_info", "gauge", "The inventory; its hash is that of its bytes.");
  out << "overland_inventory_info{hash=\"" << inventory.hash << "\"} 1\n";
  if (inventory.generation) {
    gauge(out, "overland_inventory_generation", "The inventory's own count of roll-outs.",
          *inventory.generation);
  }
  gauge(out, "overland_inventory_refused",
        "1 where the present inventory is not in force, but the one applied last.",
        inventory.refused ? 1 : 0);
  if (runs.last_run != 0) {
    gauge(out, "overland_last_run_timestamp_seconds", "When apply ran last.", runs.last_run);
  }
  if (runs.last_success != 0) {
    gauge(out, "overland_last_success_timestamp_seconds",
          "When apply last found or left everything as the inventory says.", runs.last_success);
  }
  const auto& steps = survey.plan.steps;
  head(out, "overland_drift_items", "gauge", "What apply would change now.");
  by_kind(out, "overland_drift_items", [&](const std::string& kind) {
    return std::count_if(steps.begin(), steps.end(),
                         [&](const auto& step) { return kind == plan::kind(step); });
  });
  gauge(out, "overland_findings", "What could not be looked at, or does not fit.",
        survey.plan.holding().size());
  gauge(out, "overland_held_removals", "What apply would take away with --prune only.",
        std::max(survey.plan.held.size(), std::size_t{survey.plan.held_reason.empty() ? 0U : 1U}));
  head(out, "overland_repairs_total", "counter", "What apply has changed since boot.");
  by_kind(out, "overland_repairs_total", [&](const std::string& kind) {
    const auto found = runs.repairs.find(kind);
    return found == runs.repairs.end() ? std::uint64_t{0} : found->second;
  });
  gauge(out, "overland_routes_desired", "Routes by the inventory.", survey.desired.routes.size());
  gauge(out, "overland_routes_installed", "Those of them that are in force.", installed(survey));
  gauge(out, "overland_conflicts", "Foreign things in our way.", survey.plan.conflicts().size());
  gauge(out, "overland_docker_restart_required", "1 where Docker has to read daemon.json again.",
        survey.plan.docker_restart_required ? 1 : 0);
  return out.str();
}

}  // namespace overland::cli
