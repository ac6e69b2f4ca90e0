#pragma once
// Base64 of RFC 4648, as JSON interfaces wrap bytes in it.

#include <optional>
#include <string>
#include <string_view>

namespace overland::source {

std::string to_base64(std::string_view bytes);

/// nullopt where `text` is none: whole groups of four, padded.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace overland::source
