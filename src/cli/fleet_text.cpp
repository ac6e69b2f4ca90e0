// What became of many hosts, as a table: a line a host, and below it what is wrong there.

#include <algorithm>
#include <cstdint>

#include "cli/fleet_report.h"

namespace overland::cli {
namespace {

using fleet::HostResult;
using Row = std::vector<std::string>;

constexpr const char* kNone = "-";

std::string show_generation(const std::optional<std::int64_t>& generation) {
  return generation ? std::to_string(*generation) : kNone;
}

Row status_row(const HostResult& host) {
  if (!host.status) return {kNone, kNone, kNone, kNone, kNone, kNone};
  const auto& told = *host.status;
  const auto& probe = host.probe;
  return {told.hash,
          show_generation(told.generation),
          told.status + (told.restart_required ? ", restart due" : ""),
          std::to_string(told.drift),
          std::to_string(told.conflicts),
          probe ? std::to_string(probe->reached) + " of " + std::to_string(probe->peers) : kNone};
}

Row plan_row(const HostResult& host) {
  if (!host.plan) return {kNone, kNone, kNone};
  const auto& told = *host.plan;
  return {std::to_string(told.steps), std::to_string(told.held), std::to_string(told.conflicts)};
}

std::string outcome(const HostResult& host, bool applies) {
  if (!host.reached) return "not reached";
  if (!host.wave) return host.fine() ? "unchanged" : "refused";
  if (!host.pushed) return "not put in place";
  if (!applies) return "put in place";
  if (!host.fine()) return "FAILED";
  const bool due = host.apply && host.apply->restart_required;
  const bool changed = host.apply && host.apply->changed;
  return std::string(changed ? "changed" : "nothing to change") +
         (due ? ", a restart of Docker is due" : "");
}

Row roll_out_row(const HostResult& host, bool applies) {
  return {host.wave ? std::to_string(*host.wave) : kNone, outcome(host, applies)};
}

Row heading(FleetAction action) {
  switch (action) {
    case FleetAction::kStatus:
      return {"HOST", "VERSION", "HASH", "GENERATION", "STATUS", "DRIFT", "CONFLICTS", "PROBE"};
    case FleetAction::kPlan:
      return {"HOST", "VERSION", "CHANGES", "HELD", "CONFLICTS"};
    case FleetAction::kPush:
    case FleetAction::kApply:
      return {"HOST", "VERSION", "WAVE", "RESULT"};
  }
  return {};
}

Row row_of(const HostResult& host, FleetAction action) {
  Row row = {host.target.name, host.version.empty() ? kNone : host.version};
  const Row rest = action == FleetAction::kStatus ? status_row(host)
                   : action == FleetAction::kPlan
                       ? plan_row(host)
                       : roll_out_row(host, action == FleetAction::kApply);
  row.insert(row.end(), rest.begin(), rest.end());
  return row;
}

/// Columns by their widest; the last one is as wide as it is.
std::string line_of(const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    const std::size_t padding = i + 1 < row.size() ? widths[i] - row[i].size() + 2 : 0;
    line.append(padding, ' ');
  }
  return line + "\n";
}

std::string summary(const FleetReport& report) {
  std::size_t lost = 0;
  std::size_t faulty = 0;
  std::size_t others = 0;
  for (const auto& host : report.hosts) {
    lost += host.reached ? 0 : 1;
    faulty += host.reached && !host.fine() ? 1 : 0;
    others += host.status && host.status->hash != report.hash ? 1 : 0;
  }
  std::string text =
      std::to_string(report.hosts.size()) + (report.hosts.size() == 1 ? " host" : " hosts");
  if (lost > 0) text += ", " + std::to_string(lost) + " not reached";
  if (faulty > 0) text += ", " + std::to_string(faulty) + " with a fault";
  if (report.action == FleetAction::kStatus && others > 0) {
    text += ", " + std::to_string(others) + " with another inventory than " + report.file + " (" +
            report.hash + ")";
  }
  return text + "\n";
}

}  // namespace

const char* name(FleetAction action) {
  switch (action) {
    case FleetAction::kStatus:
      return "status";
    case FleetAction::kPlan:
      return "plan";
    case FleetAction::kPush:
      return "push";
    case FleetAction::kApply:
      return "apply";
  }
  return "";
}

int FleetReport::exit_code() const {
  int code = 0;
  for (const auto& host : hosts) code = std::max(code, host.exit_code);
  return code;
}

std::string fleet_text(const FleetReport& report) {
  std::vector<Row> rows = {heading(report.action)};
  for (const auto& host : report.hosts) rows.push_back(row_of(host, report.action));
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = line_of(rows.front(), widths);
  for (std::size_t i = 0; i < report.hosts.size(); ++i) {
    text += line_of(rows[i + 1], widths);
    if (!report.hosts[i].fine()) text += "    " + report.hosts[i].fault + "\n";
  }
  return text + summary(report);
}

}  // namespace overland::cli
