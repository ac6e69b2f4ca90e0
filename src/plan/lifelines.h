#pragma once
// Never saw off the branch we sit on: steps that would lead a lifeline's packets elsewhere, or drop
// them.

#include <vector>

#include "model/finding.h"
#include "model/host_state.h"
#include "model/lifeline.h"
#include "plan/step.h"

namespace overland::plan {

/// One finding of severity kRefusal for each step that makes or changes a route which covers a
/// lifeline, or that gives this host a bridge subnet which does; empty where the plan is harmless.
/// Resolvers and ssh peers may lie in one of `segments`: the inventory says that network is there.
/// So may those a route of ours leads to already: the step mends it. Own addresses and default
/// gateways never may. A fallback takes nothing from what lies in one of `led`, where packets go by
/// a way of ours that stands, or by one these steps make. One more for an ssh peer the policy does
/// not know, where a router that forwards already gets a guard: it may be on that peer's way.
/// O(steps x lifelines).
std::vector<model::Finding> severed_lifelines(const std::vector<Step>& steps,
                                              const std::vector<model::Lifeline>& lifelines,
                                              const std::vector<model::Prefix>& segments,
                                              const std::vector<model::Prefix>& led = {});

/// Likewise one for each desired route by a link of ours, or to nowhere, that covers an address
/// where the tunnel to a peer ends: its packets would be led into the tunnel once more, or nowhere.
/// O((routes + peers) log peers).
std::vector<model::Finding> captured_tunnels(const model::HostState& desired);

}  // namespace overland::plan
