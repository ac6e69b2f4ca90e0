#pragma once
// Which inventory it is, in 16 digits.

#include <string>
#include <string_view>

namespace overland::cli {

/// Equal for equal bytes on every host: 16 hexadecimal digits, FNV-1a of 64 bits. Finds hosts that
/// were left behind; no protection against an adversary.
std::string content_hash(std::string_view content);

}  // namespace overland::cli
