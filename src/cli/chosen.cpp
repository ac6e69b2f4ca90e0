#include "cli/chosen.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "cli/log.h"
#include "cli/prometheus.h"
#include "source/settings.h"

namespace overland::cli {
namespace {

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

std::filesystem::path source_record_file(const Options& options) {
  return std::filesystem::path(options.state_file).parent_path() / "source.json";
}

}  // namespace

std::filesystem::path last_applied_file(const Options& options) {
  return std::filesystem::path(options.state_file).parent_path() / "last-inventory.toml";
}

std::optional<source::Record> fetched(const Options& options) {
  std::error_code unknown;
  if (!options.installed || !std::filesystem::exists(source::kSettingsFile, unknown)) return {};
  return source::load_record(source_record_file(options));
}

Chosen parse_inventory(std::string bytes, const std::string& name, const std::string& folder) {
  auto loaded = inventory::parse(inventory::separated(bytes));
  const bool later = loaded.inventory && stderr_is_journal();
  std::vector<model::Finding> warnings;
  std::size_t logged = 0;
  if (later) {
    for (const auto& one : loaded.diagnostics) {
      std::string line = inventory::render({one}, name, folder);
      if (line.ends_with('\n')) line.pop_back();
      warnings.push_back({model::Severity::kAdvice, "inventory", std::move(line), ""});
    }
  } else {
    const std::size_t before = complaints();
    log_lines(loaded.inventory ? spdlog::level::warn : spdlog::level::err,
              inventory::render(loaded.diagnostics, name, folder));
    logged = complaints() - before;
  }
  if (!loaded.inventory) {
    throw base::Error(base::ErrorKind::kInventory, name + " has faults; nothing of it is applied");
  }
  inventory::require_bips(*loaded.inventory, name);
  std::string hash = content_hash(bytes);
  return {std::move(*loaded.inventory),
          std::move(bytes),
          std::move(hash),
          {},
          std::move(warnings),
          logged};
}

inventory::Inventory load_inventory(const std::string& file, const std::string& folder) {
  auto sources = inventory::read_sources(file, folder, inventory::Owners::kAny);
  return parse_inventory(joined(std::move(sources)), file, folder).inventory;
}

Chosen read_present(const Options& options, const reconcile::SavedState& saved, Purpose purpose) {
  if (purpose == Purpose::kMeasure && !options.installed) purpose = Purpose::kLook;
  const auto owners =
      purpose == Purpose::kLook ? inventory::Owners::kAny : inventory::Owners::kRootOnly;
  Chosen chosen =
      parse_inventory(joined(inventory::read_sources(options.inventory, options.fragments, owners)),
                      options.inventory, options.fragments);
  check_generation(options, chosen, saved, purpose);
  return chosen;
}

std::optional<Chosen> read_last_applied(const Options& options) {
  const auto file = last_applied_file(options);
  auto bytes = believed_bytes(file);
  if (!bytes) return std::nullopt;
  try {
    return parse_inventory(std::move(*bytes), file.string(), file.string() + ": inventory.d");
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
  const auto file = last_applied_file(options);
  if (believed_bytes(file) == chosen.bytes) return;
  base::replace_file(file, chosen.bytes, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

std::filesystem::path in_force_file(const Options& options) {
  return std::filesystem::path(options.lock_file).parent_path() / "in-force";
}

void mark_in_force(const Options& options, const Chosen& chosen) {
  try {
    base::replace_file(in_force_file(options), chosen.hash, {0600, ::geteuid(), ::getegid()},
                       base::Symlinks::kRefuse);
  } catch (const base::Error& error) {
    spdlog::warn("overland watch is not told what is in force: {}", error.what());
  }
}

std::optional<Chosen> read_in_force(const Options& options) {
  constexpr std::size_t kLongest = 256;
  const auto marked =
      base::read_trusted(in_force_file(options), kLongest, base::Sticky::kFoldersOnly);
  auto last = read_last_applied(options);
  if (!marked || (last && last->hash == *marked)) return last;
  try {
    auto bytes = joined(inventory::read_sources(options.inventory, options.fragments,
                                                inventory::Owners::kRootOnly));
    if (content_hash(bytes) == *marked) {
      return parse_inventory(std::move(bytes), options.inventory, options.fragments);
    }
  } catch (const base::Error& error) {
    spdlog::warn("{}", error.what());
  }
  spdlog::warn(
      "what is in force here is neither {} nor kept: nothing is repaired until it is "
      "applied again",
      options.inventory);
  return std::nullopt;
}

void forget_applied(const Options& options) {
  for (const std::filesystem::path& file : {last_applied_file(options), source_record_file(options),
                                            std::filesystem::path(options.spare_state_file)}) {
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
