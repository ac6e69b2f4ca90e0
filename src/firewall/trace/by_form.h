#pragma once
// What is said of foreign rules by their form alone, without following a packet: who else takes our
// bit of the mark for its own, and what opens more than the inventory says.

#include <cstdint>
#include <vector>

#include "firewall/trace/way.h"
#include "model/finding.h"

namespace overland::firewall::trace {

/// The bits of the mark a rule asks for or sets together; not those of rules about all of it.
std::vector<std::uint32_t> mark_masks(Bytes expressions);

/// A bit that is not in `used`, nor where it can be helped among those well-known programs use; 0
/// where there is none.
std::uint32_t free_bit(std::uint32_t used);

/// Rules whose masks have our bit among others (kConflict, one for each mask of a table), and
/// accepts at the forward hook of all that comes from addresses of the cluster (kAdvice).
std::vector<model::Finding> told_by_form(const Way& way, const model::FirewallPolicy& policy);

}  // namespace overland::firewall::trace
