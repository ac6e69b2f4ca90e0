#pragma once
// What stood where we set something, so that purge can put it back; and what the last apply saw of
// the inventory. A hint, never the truth: without the file everything still works, only purge knows
// less. Kept in /var/lib/overland/state.json. What is there and cannot be believed stops nothing:
// it is set aside when the file is written next.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/host_state.h"
#include "plan/step.h"
#include "reconcile/removals.h"

namespace overland::reconcile {

/// A value as it was before our first change, and as we set it last.
struct Replaced {
  std::optional<std::string> before;
  std::optional<std::string> set;
  std::string boot = {};  // of a sysctl: HostFacts::boot in which that was so; each starts anew

  auto operator<=>(const Replaced&) const = default;
};

/// A foreign route that --adopt took away.
struct Adopted {
  model::ForeignRoute route;
  std::string boot;  // HostFacts::boot: in another one nobody owes it

  auto operator<=>(const Adopted&) const = default;
};

/// Texts are bytes: whatever somebody else wrote comes back as it was.
struct SavedState {
  Subnets subnets;  // of the inventory last applied with its removals; empty: never
  // What hosts had before their bip changed, held until --prune; a host may be there that holds
  // nothing now.
  Subnets held_subnets = {};
  Subnets network_subnets = {};            // of open networks that hosts lead to, by "HOST/NETWORK"
  std::optional<std::int64_t> generation;  // of the installed inventory last applied
  std::string inventory_hash;              // of that one's bytes; empty: never
  std::map<std::string, Replaced> sysctls;
  std::map<std::string, Replaced> daemon_keys;  // values as compact JSON
  std::vector<Adopted> adopted = {};
  // Where filter FORWARD accepted before we had it drop, and the HostFacts::boot of that.
  std::map<model::FirewallVariant, std::string> closed_forward = {};
  std::optional<std::string> daemon_json;  // its bytes before our first change; nullopt: no file
  // Segments trusted as a whole only because an upgrade takes nothing away; nullopt: the upgrade is
  // still to come.
  std::optional<std::vector<model::Prefix>> held_trust = {};
  bool networks_made = false;  // Docker may have networks of ours
  // Networks of ours whose parent was gone: DockerNetwork::id to the DockerFacts::instance then.
  std::map<std::string, std::string> broken_networks = {};
  // Networks of ours by name: containers that are to be on them, kept before the first is taken off
  // one that is made anew, until all are back.
  std::map<std::string, std::vector<model::NetworkMember>> moving = {};
  // Ids that Docker gave to our networks, by name; the last few: stopped containers go by them.
  std::map<std::string, std::vector<std::string>> network_ids = {};
  std::string unread_by;  // DockerFacts::instance that ran when we changed keys it has to reread
  std::string unknown;    // what a later version wrote beside: the members of a JSON object
  std::string doubt;      // why the file that is there was not believed; never written
  bool unread = false;    // it could not be read this time, and is not replaced; never written

  auto operator<=>(const SavedState&) const = default;
};

/// One limit when written and when read. An inventory has at most 64 MiB and takes less here, and a
/// daemon.json of 1 MiB at most six times that when escaped.
inline constexpr std::size_t kLargestSaved = std::size_t{80} << 20U;

/// Never throws for what is there: an absent file gives the default, and one that cannot be
/// understood, or that others than root could change, gives it too, with `doubt` saying why.
SavedState load_saved(const std::filesystem::path& file);

/// The same, and what `spare` remembers of sysctls: where they are kept while `file` cannot be
/// written. It need not outlive a boot, and sysctls do not either.
SavedState load_saved(const std::filesystem::path& file, const std::filesystem::path& spare);

/// Writes the sysctls alone to `spare`; throws as store_saved() does.
void store_spare(const std::filesystem::path& spare, const SavedState& state);

/// The file's bytes; nullopt where there are none that could be put back. Throws what errno says.
std::optional<std::string> saved_bytes(const std::filesystem::path& file);

/// Writes it durably, 0600. No write where the file says the same already. What load_saved() did
/// not believe is kept as FILE.damaged-N, or FILE.VERSION-N, of which there are at most five.
/// Throws what errno says, kInvalid where others than root could change the folder, and kFailure
/// where the disk failed load_saved(): what stands there may be whole.
void store_saved(const std::filesystem::path& file, const SavedState& state);

/// Removes it, or sets it aside where it was not believed.
void forget_saved(const std::filesystem::path& file);

/// Who turned forwarding on, which is `now`, from what is remembered of this boot. kIpForward is
/// remembered with what it was before us also where it was on already, and needed no step.
model::Forwarding who_forwards(const std::optional<std::string>& now, const SavedState& saved,
                               const model::HostFacts& facts);

/// What has to be remembered before `steps` are carried out. First values win over later ones: a
/// value repaired was not there before us. Of sysctls the first one of each boot.
SavedState remember(SavedState saved, const std::vector<plan::Step>& steps,
                    const model::HostFacts& facts);

/// Of networks whose steps were done nobody is missing any more.
void note_done(const plan::NetworkStep& step, SavedState& saved);

/// The state without overland: nothing of ours, and every value we replaced, sysctls in this
/// `boot`, put back where nobody changed it since.
model::HostState without_us(const SavedState& saved, const model::HostState& actual,
                            const std::string& boot);

}  // namespace overland::reconcile
