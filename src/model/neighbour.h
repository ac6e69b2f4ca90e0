#pragma once
// Peers behind the tunnel, entered by hand: there is no learning and no flooding.

#include <compare>

#include "model/address.h"

namespace overland::model {

/// Two entries of the kernel on kTunnelLink, both permanent: of the neighbour table
/// (ip-neighbour(8)), that `address` has the Ethernet address tunnel_mac(outer); and of the link's
/// forwarding database (bridge(8)), that frames for this one go to `outer`.
struct Neighbour {
  Address address;  // the next hop of the peer's routes
  Address outer;    // of the peer's tunnel; read back: 0.0.0.0 where either entry is not as above

  auto operator<=>(const Neighbour&) const = default;
};

}  // namespace overland::model
