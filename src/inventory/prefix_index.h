#pragma once
// Which of many prefixes holds an address: longest match, by binary search for each length in use.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "model/address.h"

namespace overland::inventory {

class PrefixIndex {
 public:
  /// Each prefix with a number of the caller's.
  explicit PrefixIndex(std::vector<std::pair<model::Prefix, std::size_t>> entries);

  /// The number of the longest prefix that holds `address`; nullopt where none does.
  [[nodiscard]] std::optional<std::size_t> find(const model::Address& address) const;

 private:
  std::vector<std::pair<model::Prefix, std::size_t>> entries_;  // sorted
  std::vector<std::uint8_t> lengths_;                           // in use, longest first
};

}  // namespace overland::inventory
