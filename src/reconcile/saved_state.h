#pragma once
// What stood where we set something, so that purge can put it back; and the size of the inventory
// at the last apply. A hint, never the truth: without the file everything still works, only purge
// knows less. Kept in /var/lib/overland/state.json.

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/host_state.h"
#include "plan/step.h"

namespace overland::reconcile {

/// A value as it was before our first change, and as we set it last.
struct Replaced {
  std::optional<std::string> before;
  std::optional<std::string> set;

  auto operator<=>(const Replaced&) const = default;
};

struct SavedState {
  std::size_t hosts = 0;  // in the inventory of the last apply; 0: never
  std::map<std::string, Replaced> sysctls;
  std::map<std::string, Replaced> daemon_keys;  // values as compact JSON
  std::optional<std::string> daemon_json;  // its bytes before our first change; nullopt: no file
  std::string unread_by;  // DockerFacts::instance that ran when we changed keys it has to reread

  auto operator<=>(const SavedState&) const = default;
};

/// Reads the file; an absent one gives the default. Throws kInvalid where it cannot be understood
/// or is not root's alone to write, naming the remedy.
SavedState load_saved(const std::filesystem::path& file);

/// Writes it durably, 0600. No write where the file says the same already.
void store_saved(const std::filesystem::path& file, const SavedState& state);

/// What has to be remembered before `steps` are carried out. First values win over later ones.
SavedState remember(SavedState saved, const std::vector<plan::Step>& steps,
                    const model::HostFacts& facts);

/// The state without overland: nothing of ours, and every value we replaced put back where nobody
/// changed it since.
model::HostState without_us(const SavedState& saved, const model::HostState& actual);

}  // namespace overland::reconcile
