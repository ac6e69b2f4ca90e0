#pragma once
// Files that root believes: opened by a walk from the root folder, component by component, links
// followed by hand, each looked at through the descriptor that is walked on. What is returned was
// checked itself, not a name that may lead elsewhere by now.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace overland::base {

/// Where a folder that others may write is fine if it is sticky, as /tmp is: there nobody renames
/// or removes what is another's. A name for another's file can be made (a hard link, where
/// fs.protected_hardlinks is off), a second name for a folder cannot.
enum class Sticky : std::uint8_t {
  kFoldersOnly,  // above folders on the way; never as the folder of the thing or of a link
  kAllowed,      // anywhere
};

/// Opens `path` with `flags` (O_RDONLY, O_PATH, O_DIRECTORY beside either; O_CLOEXEC is added). Not
/// valid() where it does not exist. Every folder above it, every link on the way with the folders
/// above that, and the thing itself belong to root or to our effective user, and group and others
/// may write none of them (a socket they may: writing is how one connects). At most 40 links.
/// O_RDONLY takes regular files only, folders only with O_DIRECTORY; O_PATH takes what there is.
/// Throws kInvalid, naming the component and the command that mends it, and what errno says.
UniqueFd open_trusted(const std::filesystem::path& path, int flags, Sticky sticky);

/// Where a path ends: `name` in `folder`, after all links.
struct TrustedPlace {
  UniqueFd folder;  // O_PATH; not valid() where it does not exist
  std::string name;
  std::filesystem::path path;  // of both, for messages
};

/// Walks as open_trusted() does, without looking at what stands at the end, if anything does: for a
/// file that may be another's, in a folder that may not.
TrustedPlace find_trusted_place(const std::filesystem::path& path);

/// The bytes of such a file, or nullopt where it does not exist. Throws as open_trusted() does, and
/// kFailure where it is larger than `limit` bytes.
std::optional<std::string> read_trusted(const std::filesystem::path& path, std::size_t limit,
                                        Sticky sticky);

}  // namespace overland::base
