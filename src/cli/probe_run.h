#pragma once
// One run of a probe: where to send from on this machine, the rounds, and who here drops.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/probe_report.h"
#include "cli/session.h"
#include "probe/targets.h"

namespace overland::cli {

struct ProbeOptions {
  std::chrono::milliseconds timeout{3500};
  std::optional<std::uint16_t> tcp;  // a port
};

/// Throws kLocked where another probe goes on for too long, and what the kernel refuses.
ProbeReport run_probe(Session& session, const std::vector<probe::Peer>& peers,
                      const ProbeOptions& options);

}  // namespace overland::cli
