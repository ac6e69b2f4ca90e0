#pragma once
// A faultless inventory from its text; anything else ends the test with the faults.

#include <stdexcept>
#include <string>

#include "inventory/inventory.h"

namespace overland::tests {

inline inventory::Inventory parsed(const std::string& text) {
  inventory::Loaded loaded = inventory::parse(text);
  if (!loaded.inventory || !loaded.diagnostics.empty()) {
    throw std::runtime_error(inventory::render(loaded.diagnostics, "test"));
  }
  return std::move(*loaded.inventory);
}

}  // namespace overland::tests
