#include "cli/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/plan_json.h"
#include "plan/describe.h"
#include "plan/render.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;
using reconcile::Status;
using reconcile::StepReport;

const char* status_name(Status status) {
  switch (status) {
    case Status::kDone:
      return "done";
    case Status::kFailed:
      return "failed";
    case Status::kSkipped:
      return "skipped";
  }
  return "";
}

std::string one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) {
    text.replace(at, 1, "; ");
  }
  return text;
}

plan::Totals totals_of(const std::vector<StepReport>& reports) {
  plan::Totals totals;
  for (const auto& report : reports) {
    if (report.status == Status::kDone) totals.count(report.step);
  }
  return totals;
}

}  // namespace

void print_report(std::ostream& out, const reconcile::ApplyReport& report, bool color) {
  for (const auto& one : report.steps) {
    const bool done = one.status == Status::kDone;
    if (color) out << (done ? "\x1b[32m" : "\x1b[31m");
    const auto [resource, details] = plan::words(one.step);
    out << "  " << plan::sign(plan::operation(one.step)) << " " << base::printable(resource);
    const std::string detail = base::printable(one_line(details));
    if (!detail.empty()) out << "  " << detail;
    if (!done) out << "  " << status_name(one.status) << ": " << base::printable(*one.why);
    if (color) out << "\x1b[0m";
    out << "\n";
  }
  const auto totals = totals_of(report.steps);
  out << "Applied: " << totals.add << " added, " << totals.change << " changed, " << totals.remove
      << " removed";
  const auto count = [&](Status status) {
    return std::count_if(report.steps.begin(), report.steps.end(),
                         [&](const auto& one) { return one.status == status; });
  };
  if (const auto failed = count(Status::kFailed)) out << ", " << failed << " failed";
  if (const auto skipped = count(Status::kSkipped)) out << ", " << skipped << " skipped";
  out << "\n";
}

std::string report_json(const reconcile::ApplyReport& report, const std::string& host) {
  Json steps = Json::array();
  for (const auto& one : report.steps) {
    const auto [resource, detail] = plan::words(one.step);
    steps.push_back({{"operation", plan::name(plan::operation(one.step))},
                     {"resource", resource},
                     {"detail", detail},
                     {"status", status_name(one.status)},
                     {"why", one.why ? *one.why : ""}});
  }
  const auto& left = report.after.plan;
  Json remaining = Json::array();
  for (const auto& step : left.steps) remaining.push_back(plan::resource(step));
  Json document = {
      {"schema_version", kSchemaVersion},
      {"host", host},
      {"changed", report.changed()},
      {"converged", report.settled()},
      {"in_sync", report.settled() && left.in_sync()},
      {"look_fault", report.look_fault},
      {"memory_fault", report.memory_fault},
      {"remnants", report.remnants},
      {"steps", steps},
      {"remaining", remaining},
  };
  put_held(document, left);
  put_findings(document, left);
  return printed(document);
}

}  // namespace overland::cli
