// What a session remembers for later runs, of a trial once it is confirmed; and what a killed one
// leaves.

#include <spdlog/spdlog.h>

#include "base/error.h"
#include "cli/held.h"
#include "cli/lock.h"
#include "cli/session.h"
#include "trial/control.h"

namespace overland::cli {

/// While removals are held back the old ones stay, or the next run would carry them out.
void Session::remember(const plan::Options& plan_options, bool prune, bool prunes) {
  const auto subnets = subnets_of(inventory);
  const bool tries = purpose_ == Purpose::kTry;
  if (tries) tried_ = saved;
  auto& memory = tries ? tried_ : saved;
  if (!prunes) {
    const bool differs = !saved.subnets.empty() && saved.subnets != subnets;
    if (differs) memory.held_subnets = held_in_doubt(inventory, saved.held_subnets);
    return;
  }
  if (!prune && saved.held_trust) {
    warn_of_ended_trust(inventory, *saved.held_trust, plan_options.held_trust);
  }
  memory.subnets = subnets;
  memory.network_subnets = network_subnets_of(inventory);
  memory.held_trust = plan_options.held_trust;
  memory.held_subnets = held_subnets_of(inventory);
}

void Session::remember_tried() const {
  auto now = reconcile::load_saved(options.state_file);  // as the maker left it
  if (!now.doubt.empty()) throw base::Error(base::ErrorKind::kFailure, now.doubt);
  now.subnets = tried_.subnets;
  now.network_subnets = tried_.network_subnets;
  now.held_trust = tried_.held_trust;
  now.held_subnets = tried_.held_subnets;
  reconcile::store_saved(options.state_file, now);
}

void Session::note_dead_trial() const {
  const auto places = trial_places(options);
  if (!trial::left_behind(places)) return;
  spdlog::warn("a trial was killed before anybody confirmed it; what it left is taken back");
  trial::clear(places);
}

}  // namespace overland::cli
