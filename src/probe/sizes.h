#pragma once
// Which packet sizes are worth asking for, to find the largest one that gets through. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "probe/evidence.h"

namespace overland::probe {

/// In bytes, as all here; `mtu` itself first, then what is known to be left of it in tunnels.
std::vector<std::uint16_t> sizes_up_to(std::uint32_t mtu);

/// The size a router has named when one of kSize was too large, where nothing as small was asked
/// for yet.
std::optional<std::uint16_t> named_size(const Evidence& evidence, std::uint32_t mtu);

}  // namespace overland::probe
