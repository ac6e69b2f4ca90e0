#pragma once
// Files with secrets: only their owner, root or whoever runs us, may read them.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace overland::source {

/// The bytes of `file`. Throws kInventory, naming the command that mends it, where it is missing,
/// longer than `limit`, others may read it or could change it.
std::string read_private(const std::filesystem::path& file, std::size_t limit);

/// Whether `text` is one line of ASCII: anything else could begin another header.
bool may_stand_in_header(std::string_view text);

/// The secret in `file`, without the line end behind it. Throws as above, and where it is empty or
/// could not stand in a header.
std::string read_secret(const std::filesystem::path& file);

}  // namespace overland::source
