#pragma once
// Echoes that nobody waits for: others watch what becomes of them.

#include <cstdint>
#include <vector>

#include "model/address.h"
#include "probe/stand.h"

namespace overland::probe {

struct Resent {
  model::Address to;
  std::uint16_t icmp_id = 0;
};

/// Sends one echo to each from `stand`. Throws what errno says where there is no socket.
void resend(const Stand& stand, const std::vector<Resent>& echoes);

}  // namespace overland::probe
