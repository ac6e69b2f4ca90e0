#pragma once
// A path as the names along it.

#include <string>

#include "desired/path.h"

namespace overland::tests {

/// "a>r1>b", and why it ends where it does.
inline std::string way(const inventory::Inventory& inventory, const char* source,
                       const char* destination) {
  const auto from = desired::find_endpoint(inventory, source);
  const auto to = desired::find_endpoint(inventory, destination, from);
  const auto path = desired::find_path(inventory, from, to);
  std::string text = path.stages.empty() ? "" : path.stages.front().from;
  for (const auto& stage : path.stages) text += ">" + stage.to;
  if (!path.stuck.empty()) text += " stuck: " + path.stuck;
  return path.refused.empty() ? text : text + " refused: " + path.refused;
}

}  // namespace overland::tests
