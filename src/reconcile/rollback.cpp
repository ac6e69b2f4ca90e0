#include "reconcile/rollback.h"

#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "plan/describe.h"
#include "plan/reverse.h"
#include "reconcile/apply.h"

namespace overland::reconcile {
namespace {

/// Runs `action`; what it throws becomes a sentence.
template <typename Action>
void attempt(std::vector<std::string>& faults, Action action) {
  try {
    action();
  } catch (const base::Error& error) {
    faults.emplace_back(error.what());
  }
}

void restore_memory(const std::filesystem::path& file, const std::optional<std::string>& bytes) {
  if (bytes) {
    base::replace_file(file, *bytes, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
    return;
  }
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error) base::throw_errno("cannot remove " + file.string(), error.value());
}

/// What still differs from before.
std::vector<plan::Step> remaining(const host::Ports& ports, const Before& before) {
  model::HostFacts facts = look(ports);
  const auto now = observe(ports, before.state, {}, facts);
  return plan::make_plan(now, before.state, facts).steps;
}

std::vector<std::string> failures(const std::vector<StepReport>& reports) {
  std::vector<std::string> sentences;
  for (const auto& report : reports) {
    if (report.status != Status::kDone) {
      sentences.push_back(plan::resource(report.step) + ": " + *report.why);
    }
  }
  return sentences;
}

}  // namespace

Before remember_before(const host::Ports& ports, const Survey& survey,
                       const std::filesystem::path& saved_file) {
  if (survey.actual.firewall && !survey.actual.firewall->defects.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "no trial from here: the firewall rules of overland are damaged (" +
                          survey.actual.firewall->defects.front() +
                          ") and could not be put back that way; run overland apply with the "
                          "inventory in force first");
  }
  Before before;
  before.state = survey.actual;
  before.steps = plan::reverse(survey.plan.steps);
  before.writes_docker_file =
      std::any_of(survey.plan.steps.begin(), survey.plan.steps.end(),
                  [](const auto& step) { return std::holds_alternative<plan::DockerStep>(step); });
  if (before.writes_docker_file) before.docker_file = ports.docker.file();
  before.saved_file = saved_bytes(saved_file);
  return before;
}

std::vector<std::string> roll_back(const host::Ports& ports, const Before& before,
                                   const std::filesystem::path& saved_file) {
  std::vector<std::string> faults;
  try {
    execute(ports, remaining(ports, before));
    for (const auto& step : remaining(ports, before)) {
      faults.push_back(plan::resource(step) + " still differs: " + plan::detail(step));
    }
  } catch (const base::Error& error) {
    // A machine that cannot be looked at: what is known by heart needs no look.
    faults = failures(execute(ports, before.steps));
    faults.push_back(std::string("could not look whether all is as before: ") + error.what());
  }
  if (before.writes_docker_file) {
    attempt(faults, [&] { ports.docker.restore_file(before.docker_file); });
  }
  attempt(faults, [&] { restore_memory(saved_file, before.saved_file); });
  return faults;
}

}  // namespace overland::reconcile
