#include "cli/watch_repair.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/error.h"
#include "cli/lock.h"
#include "cli/prometheus.h"
#include "cli/session.h"
#include "firewall/restore.h"
#include "kernel/routes.h"
#include "plan/describe.h"
#include "reconcile/run_record.h"

namespace overland::cli {
namespace {

using std::chrono::milliseconds;
using Clock = watch::Clock;

/// Docker, asked while everything waits.
constexpr std::chrono::seconds kNeighbours(3);
/// Of so many routes at once nobody is looked after one by one: somebody flushes them.
constexpr double kMostPutBack = 16;
constexpr milliseconds kRefill(50);  // one more
constexpr milliseconds kAgain(100);  // where something is left to do, or the lock is another's
constexpr milliseconds kLongest(60'000);

Options patient(Options options) {
  options.deadline = kNeighbours;
  options.wait_seconds = 0;  // nothing of ours waits for a lock, and no event is missed meanwhile
  options.xtables_wait_seconds = 1;
  return options;
}

}  // namespace

Repairer::Repairer(const Options& options, Telling& telling, watch::RuleHooks hooks,
                   std::function<host::Parts()> drain)
    : options_(patient(options)),
      telling_(telling),
      drain_(std::move(drain)),
      hooks_(std::move(hooks)),
      kept_(hooks_) {}

std::pair<FileStamp, FileStamp> Repairer::stamps() const {
  return {stamp(in_force_file(options_)), stamp(last_applied_file(options_))};
}

bool Repairer::stale() const { return stamps() != target_stamps_; }

bool Repairer::holds() const { return !stale() && stamp(options_.state_file) == state_stamp_; }

bool Repairer::read_target() {
  const auto now = stamps();
  if (now == target_stamps_) return target_.has_value();
  target_ = read_in_force(options_);
  target_stamps_ = now;
  last_.reset();
  return target_.has_value();
}

bool Repairer::put_back(const std::vector<model::Route>& lost) {
  const auto begin = Clock::now();
  tokens_ = std::min(kMostPutBack,
                     tokens_ + (begin - refilled_) / std::chrono::duration<double>(kRefill));
  refilled_ = begin;
  if (!sound_ || lost.empty() || static_cast<double>(lost.size()) > tokens_) return false;
  std::vector<plan::RouteStep> steps;
  for (const auto& route : lost) {
    plan::RouteStep step = {{}, route};
    const bool stood = std::binary_search(routes_.begin(), routes_.end(), route);
    if (!stood || !fights_.may(plan::resource(step), begin)) return false;
    steps.push_back(std::move(step));
  }
  try {
    const Lock lock = take_lock(options_);
    if (!holds()) return false;
    const auto outcomes = kernel::RouteTable().apply(steps);
    if (std::ranges::any_of(outcomes, [](const auto& one) { return one.has_value(); }))
      return false;
  } catch (const base::Error&) {
    return false;  // the look that follows meets it again, and tells
  }
  tokens_ -= static_cast<double>(lost.size());
  const auto end = Clock::now();
  std::vector<reconcile::StepReport> done;
  for (auto& step : steps) {
    fights_.note(plan::resource(step), end);
    done.push_back({std::move(step), reconcile::Status::kDone, false, {}});
  }
  telling_.repaired(done, end - begin);
  std::move(done.begin(), done.end(), std::back_inserter(uncounted_));
  return true;
}

bool Repairer::put_table_back() {
  const auto begin = Clock::now();
  if (!sound_ || !last_ || !last_->desired.firewall) return false;
  const auto& policy = *last_->desired.firewall;
  plan::FirewallStep step = {policy, policy, {"table ip overland is missing"}};
  if (!fights_.may(plan::resource(step), begin)) return false;
  bool done = false;
  try {
    const Lock lock = take_lock(options_);
    if (!holds()) return false;
    hooks_.write([&] { done = firewall::restore_table(policy); });
  } catch (const base::Error&) {
    return false;  // the look that follows meets it again, and tells
  }
  if (!done) return false;
  restored_ = true;
  const auto end = Clock::now();
  fights_.note(plan::resource(step), end);
  std::vector<reconcile::StepReport> report;
  report.push_back({std::move(step), reconcile::Status::kDone, false, {}});
  telling_.repaired(report, end - begin);
  uncounted_.push_back(std::move(report.front()));
  return true;
}

Repaired Repairer::repair(host::Parts dirty) {
  const auto begin = Clock::now();
  kept_.forget(dirty);
  Repaired result;
  try {
    const Lock lock = take_lock(options_);
    kept_.forget(drain_());  // before the look: it sees all of that
    result = look(begin);
    failures_ = 0;
  } catch (const base::Error& error) {
    const bool locked = error.kind() == base::ErrorKind::kLocked;
    if (!locked) telling_.complain(error.what());
    if (!locked) kept_.forget(host::Parts::all());
    sound_ = false;
    failures_ = std::min(failures_ + 1, 20U);
    const auto pause = std::min<milliseconds>(kAgain * (1U << (failures_ - 1)), kLongest);
    result.again =
        Clock::now() + (locked ? std::min<milliseconds>(pause, std::chrono::seconds(1)) : pause);
  }
  return result;
}

Repaired Repairer::look(Clock::time_point begin) {
  if (!read_target()) {
    sound_ = false;
    return {};
  }
  Session session(options_, *target_);
  session.machine.answer_through([this](const host::Ports& ports) { return kept_.over(ports); });
  plan::Options plan_options;
  auto survey = session.survey(plan_options, false);
  return carry_out(session, std::move(survey), plan_options, begin);
}

Repaired Repairer::carry_out(Session& session, reconcile::Survey survey,
                             const plan::Options& plan_options, Clock::time_point begin) {
  auto held = hold_back(survey.plan.steps, begin);
  auto report = reconcile::apply(session.machine.ports(), std::move(survey), session.goal(),
                                 options_.state_file, session.saved, plan_options,
                                 options_.spare_state_file, reconcile::Passes::kOne);
  const auto end = Clock::now();
  tell(report, end - begin);
  count(report.steps);
  auto& left = report.after.plan.steps;
  // Where nothing was done nobody has looked again, and found them.
  if (report.steps.empty()) left = std::move(held);
  Repaired result;
  result.whole = report.converged();
  result.changed = report.changed();
  result.running = report.after.facts.docker.running;
  result.again = first(left, end + kAgain);
  if (!report.look_fault.empty()) result.again = end + kAgain;
  remember(report.after);
  sound_ = result.whole && report.after.plan.held.empty();
  last_ = std::move(report.after);
  return result;
}

void Repairer::tell(const reconcile::ApplyReport& report, Clock::duration took) {
  const bool restored = std::exchange(restored_, false);
  for (const auto& one : report.steps) {
    const bool noted = restored && std::holds_alternative<plan::FirewallStep>(one.step);
    if (!noted) fights_.note(plan::resource(one.step), Clock::now());
    if (one.status == reconcile::Status::kDone) continue;
    telling_.complain(plan::resource(one.step) + ": " + *one.why);
  }
  for (const auto* fault : {&report.memory_fault, &report.look_fault}) {
    if (!fault->empty()) telling_.complain(*fault);
  }
  telling_.repaired(report.steps, took);
}

std::vector<plan::Step> Repairer::hold_back(std::vector<plan::Step>& steps,
                                            Clock::time_point now) const {
  auto held = std::stable_partition(steps.begin(), steps.end(), [&](const auto& step) {
    return fights_.may(plan::resource(step), now);
  });
  std::vector<plan::Step> result(std::make_move_iterator(held),
                                 std::make_move_iterator(steps.end()));
  steps.erase(held, steps.end());
  return result;
}

std::optional<Clock::time_point> Repairer::first(const std::vector<plan::Step>& steps,
                                                 Clock::time_point from) const {
  std::optional<Clock::time_point> result;
  for (const auto& step : steps) {
    const auto next = std::max(fights_.next(plan::resource(step)), from);
    result = result ? std::min(*result, next) : next;
  }
  return result;
}

void Repairer::remember(const reconcile::Survey& survey) {
  routes_.clear();
  const auto& wanted = survey.desired.routes;
  const auto& there = survey.actual.state.routes;
  std::set_intersection(wanted.begin(), wanted.end(), there.begin(), there.end(),
                        std::back_inserter(routes_));
  state_stamp_ = stamp(options_.state_file);
}

void Repairer::count(const std::vector<reconcile::StepReport>& steps) {
  if (steps.empty() && uncounted_.empty()) return;
  auto runs = reconcile::load_runs(options_.runs_file);
  reconcile::count_repairs(steps, runs);
  reconcile::count_repairs(uncounted_, runs);
  uncounted_.clear();
  try {
    reconcile::store_runs(options_.runs_file, runs);
  } catch (const base::Error& error) {
    telling_.complain(error.what());
  }
}

std::string Repairer::metrics(bool refused) const {
  const auto runs = reconcile::load_runs(options_.runs_file);
  if (!last_ || !target_) return prometheus_text(runs, refused);
  return prometheus_text(*last_, runs, {target_->hash, target_->inventory.generation, refused});
}

}  // namespace overland::cli
