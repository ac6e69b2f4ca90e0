#pragma once
// What the kernel does with packets to an address: its own answer, all tables and policy rules
// considered.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::probe {

/// Whose packets.
struct Sender {
  model::Address source;
  std::string link;  // that they come in by; empty: this host's own
};

struct Lookup {
  model::Address to;
  int error = 0;       // ENETUNREACH: no route; EHOSTUNREACH: an unreachable one; EINVAL: a
                       // blackhole, or the packets are not believed there; EACCES: prohibited
  bool local = false;  // one of this host's own addresses
  std::string link;    // to leave by
  std::optional<model::Address> gateway;

  /// Whose hardware address is needed.
  [[nodiscard]] const model::Address& hop() const { return gateway ? *gateway : to; }
};

/// One a destination, in order. Throws where the kernel cannot be asked.
std::vector<Lookup> look_up(const Sender& sender, const std::vector<model::Address>& destinations);

}  // namespace overland::probe
