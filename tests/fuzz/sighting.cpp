// Any bytes as what nf_tables tells of a traced packet, message after message.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "firewall/follow/journeys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace follow = overland::firewall::follow;
  const overland::model::Address from = overland::model::Address::from_ipv4(0xc0a86402);
  const overland::model::Address to = overland::model::Address::from_ipv4(0xc0a8c802);
  const std::vector<overland::firewall::WitnessedFlow> flows = {{from, to, 0x1267}};
  follow::Journeys journeys(flows, "ours", {{1, {0, false}}, {2, {0, true}}});
  // A length, then a message of that; each a copy of just its size, so that the sanitizer sees a
  // byte read past its end.
  while (size > 0) {
    const std::size_t length = std::min<std::size_t>(*data, size - 1);
    const std::vector<std::uint8_t> bytes(data + 1, data + 1 + length);
    const follow::Sighting seen = follow::read_sighting(2, bytes);
    journeys.take(seen);
    data += 1 + length;
    size -= 1 + length;
  }
  return 0;
}
