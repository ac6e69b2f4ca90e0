#pragma once
// Which inventory a run goes by: the present file, or, where that is refused, the copy of the last
// one applied. Each is opened once; what was hashed and checked are the bytes that were parsed.

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options.h"
#include "inventory/inventory.h"
#include "reconcile/apply.h"
#include "reconcile/saved_state.h"

namespace overland::cli {

/// What a run does with the inventory.
enum class Purpose : std::uint8_t {
  kLook,     // anybody's file; one of a lower generation is a warning
  kMeasure,  // as apply takes the installed file, so that the metrics tell what it does
  kTry,      // only root's file, and none of a lower generation
  kApply,    // the same; where the installed one is refused, what was applied last is repaired
};

struct Chosen {
  inventory::Inventory inventory;
  std::string bytes;    // it was parsed from
  std::string hash;     // content_hash() of those
  std::string refused;  // why the present file does not count and this is the copy; else empty
};

/// Parses `bytes` and logs the diagnostics, with `name` before each. Throws kInventory where there
/// is an error.
Chosen parse_inventory(std::string bytes, const std::string& name);

/// The present file. Throws kInventory where it may not be used for `purpose`.
Chosen read_present(const Options& options, const reconcile::SavedState& saved, Purpose purpose);

/// The copy of the inventory last applied; nullopt where there is none that can be believed.
std::optional<Chosen> read_last_applied(const Options& options);

/// Keeps `chosen`, the installed file, as the one last applied: its bytes, generation and hash.
/// `before` is what the run began with. Throws what errno says.
void keep_applied(const Options& options, const Chosen& chosen,
                  const reconcile::SavedState& before);

/// The names and bridge subnets of its hosts, as they are remembered.
reconcile::Subnets subnets_of(const inventory::Inventory& inventory);

/// Removes the copy, where there is one.
void forget_applied(const Options& options);

}  // namespace overland::cli
