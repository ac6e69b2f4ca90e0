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
  std::vector<std::string> told;          // what booting has warned of already
  const inventory::Host* host = nullptr;  // points into inventory

  /// The desired state by inventory and facts; throws kInventory where they do not fit together.
  /// While booting only warns of that, and wants what can be done.
  [[nodiscard]] reconcile::Goal goal();

  /// Surveys with `plan_options`; nothing is pruned while booting, nor where too much would go (see
  /// reconcile/removals.h), unless `prune` says so. `plan_options.prune` tells afterwards, and
  /// where it is true, `saved` remembers the inventory's subnets. Throws kInventory where they do
  /// not fit together or the plan would cut the machine off (see plan/lifelines.h), and there is no
  /// inventory applied last to go on from.
  reconcile::Survey survey(plan::Options& plan_options, bool prune);

  /// Keeps the inventory as the one last applied, where it is the installed one and `report` says
  /// that it was applied, its removals too. A fault is logged.
  void keep(const reconcile::ApplyReport& report, const plan::Options& plan_options) const;

 private:
  /// Goes on from the inventory applied last, where the purpose allows that; whether it does.
  bool fall_back(const std::string& why);
  void choose(Chosen from);
  reconcile::Survey survey_chosen(plan::Options& plan_options, bool prune);
  void require_lifelines(const reconcile::Survey& survey) const;

  Purpose purpose_;
};

/// Says what plan left alone: conflicts and held removals as warnings, on standard error.
void log_leftovers(const plan::Plan& plan);

}  // namespace overland::cli
