#pragma once
// One text being edited, and beside it the tree it shall have: in the end the one is read and
// compared with the other. Shows toml++, as toml_text.h does.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/edit/host_text.h"
#include "inventory/edit/toml_text.h"
#include "inventory/inventory.h"

namespace overland::inventory {

class Editor {
 public:
  explicit Editor(const std::string& text);  // of a main file or a fragment

  /// Hosts count as in `text`, whatever was done before.
  void write_bip(std::size_t host, const model::InterfaceAddress& bip);
  void write_slot(std::size_t host, std::uint32_t slot);
  void append_host(const std::string& name, const std::vector<model::Address>& addresses,
                   const std::optional<std::string>& bip);
  /// Only once, and nothing to hosts after it.
  Cut cut_host(std::size_t host);
  /// By one, where the file counts; the new one. Throws kInventory where it is the largest there
  /// is.
  std::optional<std::int64_t> raise_generation();

  /// The edited text, to be checked by parse(). Throws kFailure where it does not say what it
  /// should.
  [[nodiscard]] std::string finish() const;

 private:
  TomlText text_;
  toml::table wanted_;
  std::vector<Splice> splices_;
};

}  // namespace overland::inventory
