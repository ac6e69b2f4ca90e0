#pragma once
// Texts that others wrote (Docker, inventories, link names), fit for a terminal.

#include <cstddef>
#include <string>
#include <string_view>

namespace overland::base {

/// `text` with control characters, and those that hide or turn text, as \xNN; line ends too.
std::string printable(std::string_view text);

/// At most `size` bytes of `text`, in whole characters and printable; "…" stands for the rest.
std::string shorten(std::string_view text, std::size_t size);

}  // namespace overland::base
