#include <array>
#include <sstream>
#include <string_view>

#include "base/printable.h"
#include "plan/describe.h"
#include "plan/render.h"

namespace overland::plan {
namespace {

const char* color_of(Operation operation) {
  constexpr std::array kColors = {"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[35m"};
  return kColors.at(static_cast<std::size_t>(operation));
}

/// Each line printable, the later ones indented.
std::string indented(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t end = text.find('\n');
    result += base::printable(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    result += "\n      ";
    text.remove_prefix(end + 1);
  }
}

void step_lines(std::ostream& out, const std::vector<Step>& steps, bool color) {
  for (const auto& step : steps) {
    const Operation what = operation(step);
    if (color) out << color_of(what);
    const auto [named, details] = words(step);
    out << "  " << sign(what) << " " << base::printable(named);
    if (!details.empty()) {
      out << (details.find('\n') == std::string::npos ? "  " : "\n      ") << indented(details);
    }
    if (color) out << "\x1b[0m";
    out << "\n";
  }
}

void finding_lines(std::ostream& out, const char* title,
                   const std::vector<model::Finding>& findings) {
  if (findings.empty()) return;
  out << "\n" << title << "\n";
  for (const auto& one : findings) {
    out << "  ! " << base::printable(one.resource) << ": " << indented(one.message) << "\n";
    if (!one.remedy.empty()) out << "      remedy: " << indented(one.remedy) << "\n";
  }
}

}  // namespace

void Totals::count(const Step& step) {
  const Operation what = operation(step);
  if (what == Operation::kCreate) ++add;
  if (what == Operation::kChange) ++change;
  if (what == Operation::kRemove) ++remove;
}

Totals count(const std::vector<Step>& steps) {
  Totals totals;
  for (const auto& step : steps) totals.count(step);
  return totals;
}

std::string show(const Totals& totals) {
  return std::to_string(totals.add) + " to add, " + std::to_string(totals.change) + " to change, " +
         std::to_string(totals.remove) + " to remove";
}

std::string render_text(const Plan& plan, bool color) {
  std::ostringstream out;
  if (!plan.steps.empty()) {
    out << "+ create  ~ change  - remove  ! restart\n\n";
    step_lines(out, plan.steps, color);
    out << "\n";
  }
  return out.str() + render_summary(plan);
}

std::string render_summary(const Plan& plan) {
  std::ostringstream out;
  out << "Plan: " << show(count(plan.steps)) << "; Docker restart: "
      << (plan.docker_restart_required ? "needed (" + plan.docker_restart_reason + ")"
                                       : "not needed")
      << "\n";
  if (!plan.held.empty() || !plan.held_reason.empty()) {
    out << (plan.held_for_prune() ? "\nNot removed without --prune" : "\nHeld back");
    if (!plan.held_reason.empty()) out << ", since " << plan.held_reason;
    out << (plan.held.empty() ? "; nothing of theirs is left here\n" : ":\n");
    step_lines(out, plan.held, false);
  }
  finding_lines(out, "Not looked at, or does not fit:", plan.holding());
  finding_lines(out, "Conflicts, left alone:", plan.conflicts());
  finding_lines(out, "Worth knowing:", plan.advice());
  return out.str();
}

}  // namespace overland::plan
