#pragma once
// Names that others chose (of tables, chains, links), which the kernel takes as bytes, in messages.

#include <string>

namespace overland::firewall {

/// Bytes that are not printable ASCII as \xNN: harmless on a terminal, and always valid JSON.
std::string printable(const std::string& name);

}  // namespace overland::firewall
