#pragma once
// The tunnels of a drawing: few between hosts, more between their wires, and so many that nobody
// could follow them by one cloud that all of them go through. Pure.

#include <cstddef>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

struct TunnelEdge {
  std::size_t one = 0;    // indexes of hosts, or of segments
  std::size_t other = 0;  // likewise; of a cloud nothing
  std::vector<std::string> label;
};

struct TunnelDrawing {
  enum class Kind { kNone, kHosts, kSegments, kCloud };
  Kind kind = Kind::kNone;
  std::vector<TunnelEdge> edges;   // kCloud: one for each site, from its segment
  std::vector<std::string> cloud;  // its label
};

TunnelDrawing tunnel_drawing(const inventory::Inventory& inventory);

}  // namespace overland::desired
