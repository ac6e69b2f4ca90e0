#include "reconcile/apply.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "plan/describe.h"
#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

using plan::Step;

/// Many to a system call, and few enough to need no room worth mentioning.
constexpr std::size_t kRoutesAtOnce = 1024;

class Run {
 public:
  explicit Run(const host::Ports& ports) : ports_(ports) {}

  std::vector<StepReport> operator()(std::vector<Step> steps) {
    reports_.reserve(steps.size());
    for (auto& step : steps) {
      const std::string blocker = blocked_by(step);
      if (!blocker.empty()) {
        flush();
        reports_.push_back(
            {std::move(step), Status::kSkipped, false, "because " + blocker + " failed"});
      } else if (auto* route = std::get_if<plan::RouteStep>(&step)) {
        flush(neighbours_, ports_.neighbours);
        routes_.push_back(std::move(*route));
        if (routes_.size() == kRoutesAtOnce) flush(routes_, ports_.routes);
      } else if (auto* neighbour = std::get_if<plan::NeighbourStep>(&step)) {
        flush(routes_, ports_.routes);
        neighbours_.push_back(std::move(*neighbour));
      } else {
        flush();
        one(std::move(step));
      }
    }
    flush();
    return std::move(reports_);
  }

 private:
  /// The failed step this one depends on, in words; empty where there is none.
  std::string blocked_by(const Step& step) {
    const bool adopts = std::holds_alternative<plan::AdoptStep>(step);
    // What an adopted route replaces may still wait in the batch.
    if (adopts) flush();
    // Of failed routes there may be a hundred thousand, and nothing else depends on them.
    const auto& failed = adopts ? failed_routes_ : failed_;
    for (const std::size_t index : failed) {
      if (depends(step, reports_[index].step)) return plan::resource(reports_[index].step);
    }
    return {};
  }

  void one(Step step) {
    try {
      carry_out(ports_, step);
    } catch (const base::Error& error) {
      fail(std::move(step), error);
      return;
    }
    reports_.push_back({std::move(step), Status::kDone, false, {}});
  }

  void fail(Step step, const base::Error& error) {
    const bool neighbour = std::holds_alternative<plan::NeighbourStep>(step);
    const bool route = std::holds_alternative<plan::RouteStep>(step);
    // Nothing is in vain for want of one neighbour.
    if (!neighbour) (route ? failed_routes_ : failed_).push_back(reports_.size());
    const bool locked = error.kind() == base::ErrorKind::kLocked;
    reports_.push_back({std::move(step), Status::kFailed, locked, std::string(error.what())});
  }

  void flush() {
    flush(neighbours_, ports_.neighbours);
    flush(routes_, ports_.routes);
  }

  template <typename Change, typename Port>
  void flush(std::vector<Change>& batch, Port& port) {
    if (batch.empty()) return;
    try {
      const auto outcomes = port.apply(batch);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (outcomes[i]) {
          fail(std::move(batch[i]), *outcomes[i]);
        } else {
          reports_.push_back({std::move(batch[i]), Status::kDone, false, {}});
        }
      }
    } catch (const base::Error& error) {
      for (auto& step : batch) fail(std::move(step), error);
    }
    batch.clear();
  }

  const host::Ports& ports_;
  // Of steps of one kind in a row; one of them at most holds any.
  std::vector<plan::RouteStep> routes_;
  std::vector<plan::NeighbourStep> neighbours_;  // all at once: a full table is told as a whole
  std::vector<StepReport> reports_;
  std::vector<std::size_t> failed_;         // indexes of reports_; all but
  std::vector<std::size_t> failed_routes_;  // those of routes
};

/// What has no mark of ours is known by the value it had before.
bool replaces_values(const Step& step) {
  const auto* sysctl = std::get_if<plan::SysctlStep>(&step);
  if (sysctl != nullptr) return !model::is_link_forwarding(sysctl->to->key);
  return std::holds_alternative<plan::AdoptStep>(step) ||
         std::holds_alternative<plan::DockerStep>(step) ||
         std::holds_alternative<plan::RestartDockerStep>(step);
}

/// Containers are taken off a network only once it is on disk that they were on it.
bool takes_members_off(const Step& step) {
  const auto* network = std::get_if<plan::NetworkStep>(&step);
  return network != nullptr && network->members && network->moved &&
         !network->moved->members.empty();
}

/// What stood where `steps` set something, on disk ahead of them: a crash between must not forget
/// it.
class Memory {
 public:
  Memory(const std::filesystem::path& file, const std::filesystem::path& spare, SavedState& saved)
      : file_(file), spare_(spare), saved_(saved) {}

  /// Returns why it could not be written, or nothing.
  std::string keep(const host::Ports& ports, const std::vector<Step>& steps,
                   const model::HostFacts& facts) {
    if (boot_ != facts.boot) note_stored(*(boot_ = facts.boot));
    try {
      if (saved_.daemon_keys.empty() && plan::any<plan::DockerStep>(steps)) {
        saved_.daemon_json = ports.docker.file();
      }
      saved_ = remember(std::move(saved_), steps, facts);
    } catch (const base::Error& error) {
      return error.what();
    }
    std::string fault = attempt([&] { store_saved(file_, saved_); });
    const bool spare = !fault.empty() && !spare_.empty();
    const bool kept =
        fault.empty() || (spare && attempt([&] { store_spare(spare_, saved_); }).empty());
    if (kept) note_stored(*boot_);
    return fault;
  }

  /// After the steps: nobody waits any more for what is done.
  std::string keep_done(const std::vector<StepReport>& reports) {
    const SavedState before = saved_;
    for (const auto& report : reports) {
      const auto* step = std::get_if<plan::NetworkStep>(&report.step);
      if (step != nullptr && report.status == Status::kDone) note_done(*step, saved_);
    }
    if (saved_ == before) return {};
    return attempt([&] { store_saved(file_, saved_); });
  }

  /// Whether carrying out `step` loses a value for good while nothing can be written.
  [[nodiscard]] bool forgets(const Step& step) const {
    const auto* sysctl = std::get_if<plan::SysctlStep>(&step);
    return (replaces_values(step) || takes_members_off(step)) &&
           !(sysctl != nullptr && stored_.contains(sysctl->to->key));
  }

 private:
  template <typename Action>
  static std::string attempt(Action action) {
    try {
      action();
      return {};
    } catch (const base::Error& error) {
      return error.what();
    }
  }

  void note_stored(const std::string& boot) {
    for (const auto& [key, value] : saved_.sysctls) {
      if (value.boot.empty() || value.boot == boot) stored_.insert(key);
    }
  }

  const std::filesystem::path& file_;
  const std::filesystem::path& spare_;
  SavedState& saved_;
  std::optional<std::string> boot_;  // the present one, once it is known
  std::set<std::string> stored_;     // sysctls whose old values of it are in one of the two
};

/// A full disk must not keep routes from being repaired, but nothing is replaced whose old value
/// cannot be remembered.
void set_aside(std::vector<Step>& steps, const Memory& memory, const std::string& why,
               std::vector<StepReport>& reports) {
  const auto forgets = [&](const Step& step) { return memory.forgets(step); };
  for (const auto& step : steps) {
    if (forgets(step)) reports.push_back({step, Status::kFailed, false, why});
  }
  std::erase_if(steps, forgets);
}

/// Looks again after work was done; what keeps us from it is in the report, with the plan empty.
bool look_again(const host::Ports& ports, const Goal& goal, const SavedState& saved,
                const plan::Options& options, ApplyReport& report) {
  try {
    report.after = survey(ports, goal, saved, options);
    return true;
  } catch (const base::Error& error) {
    report.look_fault = error.what();
    return false;
  }
}

bool any_done(const std::vector<StepReport>& reports) {
  return std::ranges::any_of(reports, [](const auto& one) { return one.status == Status::kDone; });
}

bool exchange_failed(const std::vector<StepReport>& reports) {
  return std::any_of(reports.begin(), reports.end(), [](const auto& report) {
    const auto* step = std::get_if<plan::NetworkStep>(&report.step);
    return step != nullptr && step->from && report.status == Status::kFailed;
  });
}

/// One pass for each, and how long to wait after it before looking again. The first is enough
/// unless somebody else is at work on the same: Docker and firewalld take a second or two to put
/// all their rules back, and above ours.
constexpr std::array<std::chrono::milliseconds, 5> kPauses = {
    std::chrono::milliseconds(0), std::chrono::milliseconds(250), std::chrono::milliseconds(500),
    std::chrono::milliseconds(1000), std::chrono::milliseconds(0)};

}  // namespace

std::vector<StepReport> execute(const host::Ports& ports, std::vector<Step> steps) {
  return Run(ports)(std::move(steps));
}

bool ApplyReport::changed() const { return any_done(steps); }

bool ApplyReport::converged() const {
  const bool restarted = std::any_of(steps.begin(), steps.end(), [](const auto& report) {
    return std::holds_alternative<plan::RestartDockerStep>(report.step);
  });
  return look_fault.empty() && after.plan.empty() &&
         !(restarted && after.plan.docker_restart_required);
}

bool ApplyReport::settled() const { return converged() && after.plan.settled(); }

bool ApplyReport::complete() const {
  return converged() && memory_fault.empty() && remnants.empty() && after.plan.held.empty() &&
         !after.actual.firewall_unread && !after.actual.daemon_json_unread &&
         !after.actual.networks_unread;
}

bool ApplyReport::locked() const {
  return std::any_of(steps.begin(), steps.end(), [](const auto& report) { return report.locked; });
}

ApplyReport apply(const host::Ports& ports, Survey before, const Goal& goal,
                  const std::filesystem::path& saved_file, SavedState saved,
                  const plan::Options& options, const std::filesystem::path& spare, Passes passes) {
  ApplyReport report;
  report.after = std::move(before);
  Memory memory(saved_file, spare, saved);
  // No later pass restarts Docker again: if the first restart did not help, none will.
  plan::Options again = options;
  again.restart_docker = false;
  for (const std::chrono::milliseconds pause : kPauses) {
    auto steps = std::move(report.after.plan.steps);
    report.memory_fault = memory.keep(ports, steps, report.after.facts);
    if (steps.empty()) break;
    if (!report.memory_fault.empty()) set_aside(steps, memory, report.memory_fault, report.steps);
    report.after = {};  // what is done now needs the memory
    auto done = execute(ports, std::move(steps));
    const bool progress = any_done(done);
    if (auto fault = memory.keep_done(done); !fault.empty()) report.memory_fault = fault;
    // Containers are not taken off once more in vain: what it is planned as now is held.
    again.recreate_networks = again.recreate_networks && !exchange_failed(done);
    if (report.steps.empty()) {
      report.steps = std::move(done);
    } else {
      std::move(done.begin(), done.end(), std::back_inserter(report.steps));
    }
    if (progress) ports.wait(pause);
    if (!look_again(ports, goal, saved, again, report)) return report;
    // Whoever holds the lock had a whole patience to give it back.
    if (!progress || report.locked() || passes == Passes::kOne) break;
  }
  look_who_drops(ports, report.after);
  return report;
}

}  // namespace overland::reconcile
