#pragma once
// Ethernet addresses.

#include <array>
#include <cstdint>

namespace overland::model {

using Mac = std::array<std::uint8_t, 6>;

}  // namespace overland::model
