#pragma once
// The parts of lay_out(), in their order.

#include <set>
#include <vector>

#include "init/layout.h"

namespace overland::init {

/// An address that may be of the underlay.
struct Candidate {
  const FoundLink* link;
  model::InterfaceAddress address;
};
std::vector<Candidate> candidates_of(const Found& found);

void lay_out_segments(Layout& layout);
/// Gives the host that address where a segment has it; `given` are those of all hosts so far.
void place(const Candidate& one, Layout& layout, LaidHost& host, std::set<model::Address>& given);
void name_segments(Layout& layout);

void lay_out_bips(Layout& layout, const std::optional<model::Prefix>& pool);
/// After the bips.
void lay_out_networks(Layout& layout);

/// Whether packets of another of these hosts go to `subnet` by this one today.
bool is_routed(const Layout& layout, const LaidHost& host, const model::Prefix& subnet);

}  // namespace overland::init
