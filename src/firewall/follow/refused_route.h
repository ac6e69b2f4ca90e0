#pragma once
// Why the kernel finds no way for a packet that came in: outside of all tables.

#include <cstdint>
#include <string>

#include "model/address.h"

namespace overland::firewall::follow {

struct Arrival {
  model::Address source, destination;
  std::uint32_t link = 0;  // index of the one it came by
  std::uint32_t mark = 0;
};

/// "no route to 10.0.0.1"; empty where there is a way, or nothing is known.
std::string refused_route(const Arrival& packet);

}  // namespace overland::firewall::follow
