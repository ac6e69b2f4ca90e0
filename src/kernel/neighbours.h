#pragma once
// Our tunnel's peers in the kernel: permanent entries of the neighbour table and of the link's
// forwarding database (FDB). All there is on our link is ours; nothing of another link is looked
// at.

#include <cstdint>
#include <span>
#include <vector>

#include "host/ports.h"

namespace overland::kernel {

/// The interface index of our tunnel; 0 where there is none, or its name is somebody else's.
int own_tunnel();

/// Equal for equal entries of our tunnel, whatever their order, for less than reading them costs;
/// 0 where there is none of ours.
std::uint64_t neighbours_sum(std::uint64_t seed);

/// Stateless: each call is a conversation of its own with the network namespace of this thread.
class NeighbourTable : public host::Neighbours {
 public:
  /// An entry of the FDB without its neighbour stands as one, by where it leads. O(n log n).
  std::vector<model::Neighbour> read() override;
  /// Of a damaged one all entries that concern it are made anew. Fails with ENODEV where there is
  /// no tunnel of ours.
  std::vector<host::Outcome> apply(std::span<const plan::NeighbourStep> steps) override;
};

}  // namespace overland::kernel
