#include "firewall/nft/ranges.h"

#include <bit>
#include <cstdint>

namespace overland::firewall::nft {
using model::Address;
using model::Prefix;

std::vector<Range> ranges_of(const std::vector<Prefix>& prefixes) {
  std::vector<Range> result;
  result.reserve(prefixes.size());
  for (const Prefix& prefix : model::aggregate(prefixes)) {
    if (prefix.family() != model::Family::kInet4) continue;
    result.push_back({prefix.network().ipv4(), prefix.last().ipv4()});
  }
  return result;
}

std::vector<Prefix> prefixes_of(const std::vector<Range>& ranges) {
  std::vector<Prefix> result;
  result.reserve(ranges.size());
  for (const Range& range : ranges) {
    // 64 bits, so that the step past 255.255.255.255 ends the loop.
    std::uint64_t first = range.first;
    while (first <= range.last) {
      int bits = first == 0 ? 32 : std::countr_zero(static_cast<std::uint32_t>(first));
      while (first + (std::uint64_t{1} << static_cast<unsigned>(bits)) - 1 > range.last) --bits;
      result.emplace_back(Address::from_ipv4(static_cast<std::uint32_t>(first)),
                          static_cast<std::uint8_t>(32 - bits));
      first += std::uint64_t{1} << static_cast<unsigned>(bits);
    }
  }
  return model::aggregate(std::move(result));
}

}  // namespace overland::firewall::nft
