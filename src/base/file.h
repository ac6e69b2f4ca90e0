#pragma once
// Whole files: bounded reads, and replacement that is all or nothing even when the power fails
// (temporary file in the same folder, fsync, rename, fsync of the folder).

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace overland::base {

/// The file's bytes, or nullopt where it does not exist. Throws kFailure where it is larger than
/// `limit` bytes or is not a regular file, and what errno says otherwise.
std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// The bytes of an open file, from where it stands; `name` is for errors, which are read_file()'s.
std::string read_open_file(int fd, const std::filesystem::path& name, std::size_t limit);

struct FileMode {
  mode_t mode = 0644;
  uid_t owner = 0;
  gid_t group = 0;
};

enum class Symlinks { kFollow, kRefuse };

/// Replaces `path` by `content` atomically and durably, in its folder opened once. Symbolic links
/// at `path` and on the way are followed (the file they lead to is replaced, the link stays); or,
/// with kRefuse, one at `path` is replaced itself, and one on the way is followed only where it and
/// all above it is root's (trusted_path.h): then the folder may be one that others write. Missing
/// parent folders are made (0755). A file there before is never written to: its mode and owner are
/// nobody's business. On any error the old file is untouched and no temporary file remains.
void replace_file(const std::filesystem::path& path, std::string_view content, FileMode mode,
                  Symlinks symlinks = Symlinks::kFollow);

}  // namespace overland::base
