#pragma once
// One repair of a watcher: towards the inventory in force, as `apply` without options does it,
// under the lock, and as little of it as is needed.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/chosen.h"
#include "cli/file_stamp.h"
#include "cli/options.h"
#include "cli/watch_told.h"
#include "host/events.h"
#include "kernel/events.h"
#include "watch/fights.h"
#include "watch/kept.h"

namespace overland::cli {

struct Session;

struct Repaired {
  bool whole = false;                             // looked, and nothing is left to do
  bool changed = false;                           // at least one step was done
  std::optional<bool> running = {};               // a dockerd; nullopt: nobody looked
  std::optional<watch::Clock::time_point> again;  // when to come again
};

class Repairer {
 public:
  using Clock = watch::Clock;

  /// `drain`: what all events waiting now make dirty.
  Repairer(const Options& options, Telling& telling, watch::RuleHooks hooks,
           std::function<host::Parts()> drain);

  /// Routes of ours that somebody has just removed, where the last look left nothing to do and
  /// nothing else has happened since: then the plan is to put back what stood, and its facts are
  /// those of that look. Whether that was so, and was done.
  bool put_back(const std::vector<model::Route>& lost);
  /// The same for our table, where somebody has just changed rules and it is gone. The rest of the
  /// firewall is still to be looked at.
  bool put_table_back();
  /// Something else has happened.
  void doubt() { sound_ = false; }

  /// Looks at `dirty` parts, and at what it never looked at, and repairs. Throws nothing a look or
  /// a repair throws: that is told.
  Repaired repair(host::Parts dirty);

  /// The hash of the inventory in force; empty: none is known.
  [[nodiscard]] std::string applied() const { return target_ ? target_->hash : ""; }
  /// Whether another one was applied since it was read.
  [[nodiscard]] bool stale() const;
  [[nodiscard]] const watch::Fights& fights() const { return fights_; }
  watch::Fights& fights() { return fights_; }
  /// Our routes as the last look found them right.
  [[nodiscard]] const std::vector<model::Route>& routes() const { return routes_; }
  /// Metrics of the last look, without a word of the watcher itself; empty: there was none.
  /// `refused`: the present inventory.
  [[nodiscard]] std::string metrics(bool refused) const;

 private:
  [[nodiscard]] std::pair<FileStamp, FileStamp> stamps() const;
  /// Whether nobody else may have wanted what the last look found to be otherwise. With the lock
  /// held: whoever held it before may have.
  [[nodiscard]] bool holds() const;
  bool read_target();
  Repaired look(Clock::time_point begin);
  Repaired carry_out(Session& session, reconcile::Survey survey, const plan::Options& plan_options,
                     Clock::time_point begin);
  void tell(const reconcile::ApplyReport& report, Clock::duration took);
  /// Takes out what is left alone because somebody fights for it.
  std::vector<plan::Step> hold_back(std::vector<plan::Step>& steps, Clock::time_point now) const;
  /// When the first of `steps` may be repaired, `from` on.
  [[nodiscard]] std::optional<Clock::time_point> first(const std::vector<plan::Step>& steps,
                                                       Clock::time_point from) const;
  void remember(const reconcile::Survey& survey);
  void count(const std::vector<reconcile::StepReport>& steps);

  const Options options_;
  Telling& telling_;
  std::function<host::Parts()> drain_;
  watch::RuleHooks hooks_;
  watch::Kept kept_;
  watch::Fights fights_;
  std::optional<Chosen> target_;
  std::pair<FileStamp, FileStamp> target_stamps_;  // of what tells it, and of the copy
  FileStamp state_stamp_;
  bool sound_ = false;     // routes_ and the facts behind them hold
  bool restored_ = false;  // the table, since the last look: what that finds is the same fight
  std::vector<model::Route> routes_;
  std::vector<reconcile::StepReport> uncounted_;
  std::optional<reconcile::Survey> last_;
  unsigned failures_ = 0;  // in a row
  double tokens_ = 0;      // routes that may be put back without a look
  Clock::time_point refilled_;
};

}  // namespace overland::cli
