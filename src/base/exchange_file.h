#pragma once
// Files that others edit too: replaced only while they still hold what was read, so that no edit
// made in between is lost. All or nothing even when the power fails, as base/file.h does it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/trusted_path.h"

namespace overland::base {

/// A file as it was read.
struct FileContent {
  std::optional<std::string> bytes;  // nullopt: there was none
  FileMode mode;                     // of a file that is there
};

/// The file at `place`, which may be anybody's. Throws as read_file() does.
FileContent read_place(const TrustedPlace& place, std::size_t limit);

/// Puts `after` (nullopt: no file) with `mode` in the place of `before`. False where something else
/// stands there by now; then that stays. Throws what errno says; then `before` stays.
bool exchange_file(const TrustedPlace& place, const std::optional<std::string>& before,
                   const std::optional<std::string>& after, FileMode mode);

}  // namespace overland::base
