#pragma once
// Declared networks of a peer: one question each, beside those about docker0's containers.

#include <functional>
#include <string>
#include <vector>

#include "probe/judge.h"

namespace overland::probe {

/// Those `host` has, as `self` may ask for them, in the order of the file. Pure.
std::vector<PeerNetwork> networks_of(const inventory::Inventory& inventory,
                                     const inventory::Host& self, const inventory::Host& host);

/// Those that are asked.
std::vector<model::Address> addresses_in(const std::vector<PeerNetwork>& networks);

/// The kernel's ways to what is asked of the networks of `peers`, into `evidence`; `watch` is told
/// each link, and says whether it can be.
void look_at_networks(const Sender& sender, const std::vector<Peer>& peers,
                      const std::function<bool(const std::string& link)>& watch,
                      std::vector<Evidence>& evidence);

/// What their answers mean, into `verdict`, which is known as to the peer itself: of one that was
/// not reached nothing more is to be said.
void judge_networks(const Peer& peer, const Evidence& evidence, const Setting& setting,
                    Verdict& verdict);

}  // namespace overland::probe
