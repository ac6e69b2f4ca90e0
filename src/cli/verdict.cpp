#include "cli/verdict.h"

#include <algorithm>

namespace overland::cli {
namespace {

using model::Severity;

std::size_t count(const plan::Plan& plan, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(plan.findings.begin(), plan.findings.end(),
                    [severity](const auto& one) { return one.severity == severity; }));
}

/// "1 conflict", "2 conflicts"
std::string counted(std::size_t number, const std::string& one, const std::string& several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

}  // namespace

Verdict verdict_of(const plan::Plan& plan, bool refused) {
  if (count(plan, Severity::kConflict) > 0) return Verdict::kConflict;
  const bool unfit = count(plan, Severity::kMisfit) + count(plan, Severity::kRefusal) > 0;
  if (plan.drifted() || plan.docker_restart_required || unfit || refused) return Verdict::kDrift;
  return count(plan, Severity::kUnknown) > 0 ? Verdict::kUnknown : Verdict::kInSync;
}

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kInSync:
      return "in_sync";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kDrift:
      return "drift";
    case Verdict::kConflict:
      return "conflict";
  }
  return "";
}

std::string show_standing(const plan::Plan& plan, bool refused) {
  std::string text;
  const auto say = [&text](bool so, const std::string& clause) {
    if (so) text += (text.empty() ? "" : ", ") + clause;
  };
  const auto tell = [&](Severity severity, const char* one, const char* several) {
    const std::size_t number = count(plan, severity);
    say(number > 0, counted(number, one, several));
  };
  tell(Severity::kConflict, "conflict", "conflicts");
  say(!plan.steps.empty(), counted(plan.steps.size(), "change", "changes") + " to make");
  say(!plan.held.empty() || !plan.held_reason.empty(),
      plan.held.empty() ? "removals held back" : std::to_string(plan.held.size()) + " held back");
  say(plan.docker_restart_required, "a restart of Docker is due");
  tell(Severity::kMisfit, "thing does not fit", "things do not fit");
  tell(Severity::kUnknown, "thing not looked at", "things not looked at");
  say(refused || count(plan, Severity::kRefusal) > 0, "the present inventory is refused");
  return text.empty() ? "in sync" : text;
}

}  // namespace overland::cli
