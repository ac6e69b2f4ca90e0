#pragma once
// What stands in the way of the desired state and belongs to somebody else.

#include <vector>

#include "model/host_state.h"
#include "plan/plan.h"

namespace overland::plan {

/// Foreign routes to our destinations, links that have a name we need, a bridge subnet that covers
/// a network of this host, Docker networks that cover a peer's bridge subnet, a daemon.json that we
/// may only verify.
void find_conflicts(const model::Observed& observed, const model::HostState& desired,
                    const model::HostFacts& facts, const Options& options,
                    std::vector<model::Finding>& findings);

/// Docker's automatic address pools that may cover a peer's bridge subnet one day; rules in both
/// variants of iptables.
void give_advice(const model::HostState& desired, const model::HostFacts& facts,
                 std::vector<model::Finding>& findings);

/// Whether a desired route leads to exactly `destination`. O(log n).
bool wants_route_to(const model::HostState& desired, const model::Prefix& destination);

}  // namespace overland::plan
