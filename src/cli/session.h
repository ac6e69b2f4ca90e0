#pragma once
// What a verb that looks at the machine starts from: the inventory, this host's place in it, the
// adapters and the memory.

#include <memory>
#include <string>

#include "cli/options.h"
#include "host/ports.h"
#include "inventory/inventory.h"
#include "reconcile/survey.h"

namespace overland::cli {

/// Loads the inventory and logs its diagnostics. Throws kInventory where it has an error.
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
  explicit Session(Options options);

  Options options;
  inventory::Inventory inventory;
  Machine machine;
  reconcile::SavedState saved;
  bool booting = false;
  std::vector<std::string> told;          // what booting has warned of already
  const inventory::Host* host = nullptr;  // points into inventory

  /// The desired state by inventory and facts; throws kInventory where they do not fit together.
  /// While booting only warns of that, and wants what can be done.
  [[nodiscard]] reconcile::Goal goal();

  /// Surveys with `plan_options`; nothing is pruned while booting, nor where the inventory lost
  /// more than half its hosts since the last apply, unless `prune` says so. `plan_options.prune`
  /// tells afterwards. Throws kInventory where the plan would cut the machine off (see
  /// plan/lifelines.h).
  reconcile::Survey survey(plan::Options& plan_options, bool prune);

 private:
  void require_lifelines(const reconcile::Survey& survey) const;
};

/// Says what plan left alone: conflicts and held removals as warnings, on standard error.
void log_leftovers(const plan::Plan& plan);

}  // namespace overland::cli
