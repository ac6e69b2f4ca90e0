#pragma once
// An inventory on its way to many hosts: looked at by each first, then put in place, and with
// `apply` carried out, wave by wave. A host that is not in a wave yet keeps its file, so that no
// timer or watcher there is ahead of the roll-out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/ask.h"

namespace overland::fleet {

struct Offer {
  std::string_view toml;
  std::optional<std::int64_t> generation;
  bool force_generation = false;  // also where the host has a higher one
  bool apply = false;
  std::vector<std::string> options = {};  // of apply
};

/// Whether each would take it: it is whom the inventory says, its overland finds no fault and could
/// carry it out, and what it has is no later generation. A fault says why not. Nothing is changed.
std::vector<HostResult> check(const Asking& asking, const std::vector<Target>& targets,
                              const Offer& offer);

/// Puts it in place on those `checked` that are fine(), and applies it: all at once, or with apply
/// in waves, of which the first with a fault is the last. Hosts after that have no wave.
void roll_out(const Asking& asking, const Offer& offer, std::vector<HostResult>& checked);

}  // namespace overland::fleet
