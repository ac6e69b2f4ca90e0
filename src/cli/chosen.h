#pragma once
// Which inventory a run goes by: the present file, or, where that is refused, the copy of the last
// one applied. Each is opened once; what was hashed and checked are the bytes that were parsed.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "inventory/inventory.h"
#include "reconcile/apply.h"
#include "reconcile/saved_state.h"
#include "source/record.h"

namespace overland::cli {

/// What a run does with the inventory.
enum class Purpose : std::uint8_t {
  kLook,     // anybody's file; one of a lower generation is a warning
  kMeasure,  // status: as apply takes the installed file, so that it tells what apply does
  kTry,      // only root's file, and none of a lower generation
  kRepair,   // not the present file: what was applied last
  kApply,    // as kTry; where the installed one is refused, what was applied last is repaired
};

struct Chosen {
  inventory::Inventory inventory;
  std::string bytes;    // it was parsed from: inventory::joined()
  std::string hash;     // content_hash() of those
  std::string refused;  // why the present file does not count and this is the copy; else empty
  std::vector<model::Finding> warnings = {};  // of the inventory's own, not logged yet
  std::size_t logged = 0;                     // how many were, see log.h
};

/// Where the inventory last applied is kept whole.
std::filesystem::path last_applied_file(const Options& options);

/// What `overland fetch` came to, of the installed inventory; nullopt of any other, or where
/// nothing is fetched.
std::optional<source::Record> fetched(const Options& options);

/// Parses `bytes`, of inventory::joined(), and logs the diagnostics, with `name` before each, or
/// `folder` and the fragment's. In the journal warnings would be said again by each run: there they
/// are left to the caller. Throws kInventory where there is an error, or a bip has to be assigned
/// first.
Chosen parse_inventory(std::string bytes, const std::string& name, const std::string& folder = {});

/// Loads anybody's inventory, its fragments in `folder`, and logs its diagnostics. Throws
/// kInventory where it has an error.
inventory::Inventory load_inventory(const std::string& file, const std::string& folder = {});

/// The present file. Throws kInventory where it may not be used for `purpose`.
Chosen read_present(const Options& options, const reconcile::SavedState& saved, Purpose purpose);

/// The copy of the inventory last applied; nullopt where there is none that can be believed.
std::optional<Chosen> read_last_applied(const Options& options);

/// Keeps `chosen`, the installed file, as the one last applied: its bytes, generation and hash.
/// `before` is what the run began with. Throws what errno says.
void keep_applied(const Options& options, const Chosen& chosen,
                  const reconcile::SavedState& before);

/// Where it stands, by its hash, which inventory this host was last made to be like, whether all of
/// it was done or not: in /run, since a boot begins with an apply of its own.
std::filesystem::path in_force_file(const Options& options);

/// To be called with the lock held, by whoever has made changes. A fault is logged.
void mark_in_force(const Options& options, const Chosen& chosen);

/// What a repair goes by: the inventory that was marked, or where none is the one last applied.
/// nullopt where there is none, or it is at hand no more, which is logged.
std::optional<Chosen> read_in_force(const Options& options);

/// Removes the copy, what fetch came to and the memory kept in /run, where they are there.
void forget_applied(const Options& options);

}  // namespace overland::cli
