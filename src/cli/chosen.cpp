#include "cli/chosen.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "cli/log.h"
#include "cli/prometheus.h"

namespace overland::cli {
namespace {

std::filesystem::path copy_of(const Options& options) {
  return std::filesystem::path(options.state_file).parent_path() / "last-inventory.toml";
}

std::optional<std::string> believed_bytes(const std::filesystem::path& file) {
  try {
    return base::read_trusted(file, inventory::kLargestFile, base::Sticky::kFoldersOnly);
  } catch (const base::Error& error) {
    spdlog::warn("the inventory applied last is of no use: {}", error.what());
    return std::nullopt;
  }
}

/// Why the file must not follow the one last applied; empty where it may.
std::string lower_generation(const inventory::Inventory& inventory,
                             const reconcile::SavedState& saved) {
  if (!saved.generation) return {};
  const std::string last = std::to_string(*saved.generation);
  if (!inventory.generation) {
    return "has no generation, and the one applied last had " + last;
  }
  if (*inventory.generation < *saved.generation) {
    return "has generation " + std::to_string(*inventory.generation) +
           ", and the one applied last had " + last;
  }
  return {};
}

void check_generation(const Options& options, const Chosen& chosen,
                      const reconcile::SavedState& saved, Purpose purpose) {
  const std::string lower = lower_generation(chosen.inventory, saved);
  const bool same = saved.generation && chosen.inventory.generation == saved.generation;
  if (same && chosen.hash != saved.inventory_hash) {
    spdlog::warn(
        "{} has the generation of the one applied last, {}, but other bytes: give each "
        "roll-out a generation of its own",
        options.inventory, *saved.generation);
  }
  if (lower.empty() || options.force_generation) return;
  const std::string sentence = options.inventory + " " + lower +
                               ": it is an older file; --force-generation applies it all the same";
  if (purpose != Purpose::kLook) throw base::Error(base::ErrorKind::kInventory, sentence);
  spdlog::warn("{}", sentence);
}

}  // namespace

Chosen parse_inventory(std::string bytes, const std::string& name) {
  auto loaded = inventory::parse(bytes);
  log_lines(loaded.inventory ? spdlog::level::warn : spdlog::level::err,
            inventory::render(loaded.diagnostics, name));
  if (!loaded.inventory) {
    throw base::Error(base::ErrorKind::kInventory, name + " has faults; nothing of it is applied");
  }
  std::string hash = content_hash(bytes);
  return {std::move(*loaded.inventory), std::move(bytes), std::move(hash), {}};
}

Chosen read_present(const Options& options, const reconcile::SavedState& saved, Purpose purpose) {
  if (purpose == Purpose::kMeasure && !options.installed) purpose = Purpose::kLook;
  const auto owners =
      purpose == Purpose::kLook ? inventory::Owners::kAny : inventory::Owners::kRootOnly;
  Chosen chosen =
      parse_inventory(inventory::read_text(options.inventory, owners), options.inventory);
  check_generation(options, chosen, saved, purpose);
  return chosen;
}

std::optional<Chosen> read_last_applied(const Options& options) {
  const auto file = copy_of(options);
  auto bytes = believed_bytes(file);
  if (!bytes) return std::nullopt;
  try {
    return parse_inventory(std::move(*bytes), file.string());
  } catch (const base::Error& error) {
    spdlog::warn("the inventory applied last is of no use: {}", error.what());
    return std::nullopt;
  }
}

void keep_applied(const Options& options, const Chosen& chosen,
                  const reconcile::SavedState& before) {
  const auto generation = chosen.inventory.generation;
  if (before.inventory_hash != chosen.hash || before.generation != generation) {
    auto saved = reconcile::load_saved(options.state_file);
    if (!saved.doubt.empty()) throw base::Error(base::ErrorKind::kFailure, saved.doubt);
    saved.generation = generation;
    saved.inventory_hash = chosen.hash;
    reconcile::store_saved(options.state_file, saved);
  }
  const auto file = copy_of(options);
  if (believed_bytes(file) == chosen.bytes) return;
  base::replace_file(file, chosen.bytes, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

reconcile::Subnets subnets_of(const inventory::Inventory& inventory) {
  reconcile::Subnets subnets;
  for (const auto& host : inventory.hosts) {
    if (host.bip) subnets.add(host.name, host.bridge_subnets());
  }
  return subnets;
}

void forget_applied(const Options& options) {
  for (const std::filesystem::path& file :
       {copy_of(options), std::filesystem::path(options.spare_state_file)}) {
    std::error_code error;
    std::error_code unknown;
    std::filesystem::remove(file, error);
    // A disk that takes nothing refuses to remove what is not there, too.
    if (error && std::filesystem::exists(file, unknown)) {
      base::throw_errno("cannot remove " + file.string(), error.value());
    }
  }
}

}  // namespace overland::cli
