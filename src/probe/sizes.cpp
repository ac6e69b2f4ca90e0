#include "probe/sizes.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "probe/packet.h"

namespace overland::probe {
namespace {

/// MTUs of what packets may be put into on their way: PPPoE, tunnels of all kinds, and the least
/// that IPv6 and IPv4 hosts take.
constexpr std::array<std::uint16_t, 13> kUsual = {1492, 1480, 1472, 1462, 1450, 1430, 1420,
                                                  1400, 1380, 1340, 1280, 1000, 576};
/// The longest IPv4 packet.
constexpr std::uint32_t kMost = 65535;

}  // namespace

std::vector<std::uint16_t> sizes_up_to(std::uint32_t mtu) {
  std::vector<std::uint16_t> sizes = {static_cast<std::uint16_t>(std::min(mtu, kMost))};
  std::ranges::copy_if(kUsual, std::back_inserter(sizes),
                       [&](std::uint16_t size) { return size < mtu; });
  return sizes;
}

std::optional<std::uint16_t> named_size(const Evidence& evidence, std::uint32_t mtu) {
  std::uint32_t least = mtu;
  std::optional<std::uint32_t> named;
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose != Purpose::kSize) continue;
    least = std::min<std::uint32_t>(least, echo.size);
    if (echo.complaint && echo.complaint->mtu >= kShortest) named = echo.complaint->mtu;
  }
  if (!named || *named >= least) return std::nullopt;
  return static_cast<std::uint16_t>(*named);
}

}  // namespace overland::probe
