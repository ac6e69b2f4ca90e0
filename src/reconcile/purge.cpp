#include "reconcile/purge.h"

#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

/// Names everything the memory knows of, so that observe() reads its present value.
model::HostState remembered_names(const SavedState& saved) {
  model::HostState names;
  for (const auto& [key, value] : saved.sysctls) names.sysctls.push_back({key, {}});
  if (!saved.daemon_keys.empty()) {
    names.docker.emplace();
    for (const auto& [name, value] : saved.daemon_keys) names.docker->keys[name] = std::nullopt;
  }
  return names;
}

}  // namespace

Survey survey_removal(const host::Ports& ports, const SavedState& saved) {
  Survey result;
  result.facts = look(ports);
  result.actual = observe(ports, remembered_names(saved), saved, result.facts);
  result.desired = without_us(saved, result.actual.state);
  result.plan =
      plan::make_plan(result.actual, result.desired, result.facts, plan::Options{.hold = false});
  return result;
}

ApplyReport purge(const host::Ports& ports, Survey before, const std::filesystem::path& saved_file,
                  const SavedState& saved) {
  ApplyReport report;
  report.steps = execute(ports, std::move(before.plan.steps));
  try {
    if (!saved.daemon_keys.empty()) ports.docker.restore_file(saved.daemon_json);
  } catch (const base::Error& error) {
    report.memory_fault = error.what();
  }
  report.after = survey_removal(ports, saved);
  if (report.complete()) forget_saved(saved_file);
  return report;
}

}  // namespace overland::reconcile
