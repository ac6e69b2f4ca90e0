#pragma once
// One round of questions from one stand to all peers at once: first who has the next hops' hardware
// addresses, then everything of a peer, at most `window` peers begun at a time; then, where
// something answered, how large packets may be and whether new flows come in; where nothing did,
// where the way ends. Ends early when nothing more is to be expected.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "model/link.h"
#include "probe/evidence.h"
#include "probe/stand.h"
#include "probe/targets.h"

namespace overland::probe {

/// Has packets between this host's containers and others that carry this ICMP id not be tracked
/// here for as long as what it gives lives; nullptr where that cannot be had.
using Untrack =
    std::function<std::shared_ptr<void>(const model::Address& source, std::uint16_t id)>;

struct RoundOptions {
  std::chrono::milliseconds timeout{3500};
  std::size_t window = 256;
  std::optional<std::uint16_t> tcp;  // a port
  Untrack untrack;                   // may be empty
};

/// What was seen of each peer, in order. Throws where there are no sockets to be had.
std::vector<Evidence> ask(const Stand& stand, const std::vector<Peer>& peers,
                          const std::vector<model::LinkFacts>& links, const RoundOptions& options);

}  // namespace overland::probe
