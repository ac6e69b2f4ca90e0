#include "inventory/prefix_index.h"

#include <algorithm>
#include <functional>

namespace overland::inventory {

PrefixIndex::PrefixIndex(std::vector<std::pair<model::Prefix, std::size_t>> entries)
    : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end());
  std::vector<bool> used(129, false);
  for (const auto& [prefix, number] : entries_) used[prefix.length()] = true;
  for (std::size_t length = used.size(); length-- > 0;) {
    if (used[length]) lengths_.push_back(static_cast<std::uint8_t>(length));
  }
}

std::optional<std::size_t> PrefixIndex::find(const model::Address& address) const {
  for (const std::uint8_t length : lengths_) {
    if (length > model::bits(address.family())) continue;
    const model::Prefix wanted(address, length);
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), wanted,
        [](const auto& item, const model::Prefix& prefix) { return item.first < prefix; });
    if (found != entries_.end() && found->first == wanted) return found->second;
  }
  return std::nullopt;
}

}  // namespace overland::inventory
