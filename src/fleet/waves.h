#pragma once
// How a roll-out proceeds: one host, then a tenth of all, then the others.

#include <algorithm>
#include <cstddef>
#include <vector>

namespace overland::fleet {

/// How many hosts each wave has, in order; they add up to `hosts`.
inline std::vector<std::size_t> wave_sizes(std::size_t hosts) {
  constexpr std::size_t kTenth = 10;
  std::vector<std::size_t> sizes;
  for (const std::size_t wanted : {std::size_t{1}, (hosts + kTenth - 1) / kTenth, hosts}) {
    const std::size_t size = std::min(wanted, hosts);
    if (size > 0) sizes.push_back(size);
    hosts -= size;
  }
  return sizes;
}

}  // namespace overland::fleet
