#pragma once
// The second look at peers that were not reached: the way there, and who here drops the packets.

#include <string>
#include <vector>

#include "cli/session.h"
#include "probe/evidence.h"
#include "probe/stand.h"
#include "probe/targets.h"

namespace overland::cli {

/// Fills in stations and drops. What could not be found out becomes a note.
void follow(Session& session, const probe::Stand& stand, const std::vector<probe::Peer>& peers,
            std::vector<probe::Evidence>& evidence, std::vector<std::string>& notes);

}  // namespace overland::cli
