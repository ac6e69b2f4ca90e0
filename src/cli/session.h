#pragma once
// What a verb that looks at the machine starts from: the inventory, this host's place in it, the
// adapters and the memory.

#include <memory>
#include <string>

#include "cli/chosen.h"
#include "cli/options.h"
#include "host/ports.h"
#include "inventory/inventory.h"
#include "reconcile/survey.h"

namespace overland::cli {

/// Loads anybody's inventory and logs its diagnostics. Throws kInventory where it has an error.
inventory::Inventory load_inventory(const std::string& file);

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
  /// `docker.program` of the inventory.
  void prefer_dockerd(const std::string& program);

 private:
  struct Adapters;
  std::unique_ptr<Adapters> adapters_;
};

struct Session {
  /// Call it with the lock held where the purpose is to carry out: what is read then is what
  /// counts.
  Session(Options options, Purpose purpose);

  Options options;
  Machine machine;
  reconcile::SavedState saved;
  Chosen chosen;  // whose inventory is the next one
  const inventory::Inventory& inventory;
  bool booting = false;
  const inventory::Host* host = nullptr;  // points into inventory

  /// The desired state by inventory and facts; what does not fit together becomes findings. Throws
  /// kInventory where not one underlay address is on this machine, unless it is booting.
  [[nodiscard]] reconcile::Goal goal();

  /// Surveys with `plan_options`; nothing is pruned while booting, nor where too much would go (see
  /// reconcile/removals.h), unless `prune` says so. Where removals are planned `saved` remembers
  /// the inventory's subnets. Throws kInventory where they do not fit together or the plan would
  /// cut the machine off (see plan/lifelines.h), and there is no inventory applied last to go on
  /// from.
  reconcile::Survey survey(plan::Options& plan_options, bool prune);

  /// Keeps the inventory as the one last applied, where it is the installed one, `report` says that
  /// it was applied, and not too much would have gone by it. A fault is logged.
  void keep(const reconcile::ApplyReport& report) const;

 private:
  /// Goes on from the inventory applied last, where the purpose allows that; whether it does.
  bool fall_back(const std::string& why);
  void choose(Chosen from);
  reconcile::Survey survey_chosen(plan::Options& plan_options, bool prune);
  void require_lifelines(const reconcile::Survey& survey) const;

  Purpose purpose_;
  bool shrunk_ = false;  // too much would go by this inventory
};

/// Says what could not be looked at or does not fit, as errors on standard error; while booting
/// what does not fit is a warning.
void log_findings(const plan::Plan& plan, bool booting);

/// Says what plan left alone: conflicts and held removals as warnings, on standard error.
void log_leftovers(const plan::Plan& plan);

}  // namespace overland::cli
