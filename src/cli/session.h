#pragma once
// What a verb that looks at the machine starts from: the inventory, this host's place in it, the
// adapters and the memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/chosen.h"
#include "cli/options.h"
#include "host/ports.h"
#include "inventory/inventory.h"
#include "reconcile/survey.h"

namespace overland::cli {

/// Throws kPrivilege without CAP_NET_ADMIN of capabilities(7).
void require_privilege();

/// The adapters of this machine. Lives as long as the ports are used.
class Machine {
 public:
  explicit Machine(const Options& options);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] host::Ports ports();
  /// Has ports() give what `wrap` makes of them.
  void answer_through(std::function<host::Ports(const host::Ports&)> wrap);
  /// `docker.program` of the inventory.
  void prefer_dockerd(const std::string& program);
  /// What the last look at Docker saw beside its facts, and a way to go by it (docker/engine.h).
  [[nodiscard]] std::uint64_t docker_file_sum() const;
  [[nodiscard]] std::string docker_unit_told() const;
  void trust_docker_unit(const std::string& told);

 private:
  struct Adapters;
  std::unique_ptr<Adapters> adapters_;
  std::function<host::Ports(const host::Ports&)> wrap_;
};

struct Session {
  /// Call it with the lock held where the purpose is to carry out: what is read then is what
  /// counts.
  Session(Options options, Purpose purpose);
  /// Goes by what was applied last, `from`: kRepair.
  Session(Options options, Chosen from);

  Options options;
  Machine machine;
  reconcile::SavedState saved;
  Chosen chosen;  // whose inventory is the next one
  const inventory::Inventory& inventory;
  bool booting = false;
  std::string fault;  // kMeasure: why this inventory cannot be applied, which is shown all the same
  const inventory::Host* host = nullptr;  // points into inventory

  /// The desired state by inventory and facts; what does not fit together becomes findings. Throws
  /// kInventory where not one underlay address is on this machine, unless it is booting or shown
  /// despite its `fault`.
  [[nodiscard]] reconcile::Goal goal();

  /// Surveys with `plan_options`; nothing is pruned while booting, nor where too much would go (see
  /// reconcile/removals.h), unless `prune` says so. Where removals are planned `saved` remembers
  /// the inventory's subnets. Throws kInventory where they do not fit together or the plan would
  /// cut the machine off (see plan/lifelines.h), there is no inventory applied last to go on from,
  /// and the purpose is not kMeasure, which goes on with `fault`.
  reconcile::Survey survey(plan::Options& plan_options, bool prune);

  /// Marks the inventory as the one in force, and keeps it as the one last applied, where it is the
  /// installed one, `report` says that it was applied, and not too much would have gone by it. A
  /// fault is logged.
  void keep(const reconcile::ApplyReport& report) const;

  /// Of a trial that is confirmed: puts into the memory what the next run has to know of it. Until
  /// then it says what was there before, so that nothing of a trial that was killed is held. Throws
  /// what errno says.
  void remember_tried() const;

 private:
  /// Goes on from the inventory applied last, where the purpose allows that; whether it does.
  bool fall_back(const std::string& why);
  /// Goes on despite `why`, where nothing is to be changed; whether it does.
  bool endure(const std::string& why);
  void choose(Chosen from);
  /// Trusts the segments in `trusted` as before where an upgrade would not; whether there are any.
  bool hold_trust(const std::vector<model::Prefix>& trusted, plan::Options& plan_options);
  reconcile::Survey survey_chosen(plan::Options& plan_options, bool prune);
  /// Keeps, until --prune, what hosts had before their bip changed.
  void hold_bips(plan::Options& plan_options);
  /// What the next run has to know. `prune` was asked for; `prunes`: nothing is held in doubt.
  void remember(const plan::Options& plan_options, bool prune, bool prunes);
  void require_lifelines(reconcile::Survey& survey) const;
  /// Where a trial was killed with its watchdog: this run takes back what that left.
  void note_dead_trial() const;

  Purpose purpose_;
  std::optional<inventory::Inventory> pruned_;  // without what is held; nullopt: nothing is
  reconcile::SavedState tried_;                 // kTry: the memory where it is confirmed
  bool shrunk_ = false;                         // too much would go by this inventory
};

/// Says what could not be looked at or does not fit, as errors on standard error; while booting
/// what does not fit is a warning.
void log_findings(const plan::Plan& plan, bool booting);

/// Says what plan left alone: conflicts and held removals as warnings, on standard error.
void log_leftovers(const plan::Plan& plan);
/// Of these the held removals alone.
void log_held(const plan::Plan& plan);

}  // namespace overland::cli
