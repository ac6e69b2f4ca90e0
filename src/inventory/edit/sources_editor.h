#pragma once
// All files of an inventory being edited: each gets an Editor when something in it is to change.

#include <cstddef>
#include <memory>
#include <vector>

#include "inventory/edit/editor.h"
#include "inventory/inventory.h"
#include "inventory/sources.h"

namespace overland::inventory {

class SourcesEditor {
 public:
  /// Where a host stands: in which file, as Places counts them, and its number there.
  struct Spot {
    std::size_t document = 0;
    std::size_t host = 0;
  };

  /// `inventory` was parsed from `sources`, which have to outlive this.
  SourcesEditor(const Sources& sources, const Inventory& inventory);

  /// Of a host of the inventory.
  [[nodiscard]] const Spot& spot(std::size_t host) const { return spots_[host]; }
  Editor& document(std::size_t document);
  Editor& main() { return document(0); }

  /// The edited files. Throws kInventory where parse() has errors in them, and as Editor::finish().
  [[nodiscard]] Sources finish() const;

 private:
  const Sources& sources_;
  std::vector<Spot> spots_;
  std::vector<std::unique_ptr<Editor>> editors_;  // by document
};

}  // namespace overland::inventory
