#pragma once
// The links of this network namespace: facts about all, and the VLAN links, shims and the tunnel
// that are ours by their alias (see model/ownership.h). Others are never changed; a name held by
// one is an error.

#include <vector>

#include "host/ports.h"

namespace overland::kernel {

/// Stateless: each call is a conversation of its own with the network namespace of this thread.
class LinkTable : public host::Links {
 public:
  /// Addresses in the kernel's order: IPv4 before IPv6, primary before secondary ones.
  std::vector<model::LinkFacts> facts() override;
  std::vector<model::NeighbourFacts> neighbours() override;
  bool makes_ipvlan() override;
  bool makes_vxlan() override;
  /// Makes `to` of whatever is there under its name: made, finished, changed in place, or made anew
  /// where kind, id or parent differ, or what a tunnel cannot change: routes and peers of ours on
  /// it are then put back. Throws kFailure where the name or the tunnel's VNI is somebody else's
  /// (EEXIST), its port (EADDRINUSE) or the parent is missing (ENODEV), kUnsupported where the
  /// kernel has no 802.1Q, no macvlan, no ipvlan or no vxlan.
  void apply(const plan::LinkStep& step) override;
};

}  // namespace overland::kernel
