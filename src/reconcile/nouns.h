#pragma once
// What reconciling asks of each noun: to be observed, to be carried out, and whom that needs.

#include <cstdint>
#include <vector>

#include "host/ports.h"
#include "model/host_state.h"
#include "plan/step.h"
#include "reconcile/saved_state.h"

namespace overland::reconcile {

/// Whom a noun is read from and written by. Where one hangs or is broken the others go on: the
/// firewall may have to wait for the lock of xtables, Docker for a neighbour, its networks for
/// Docker, the kernel for nobody.
enum class Neighbour : std::uint8_t { kKernel, kFirewall, kDocker, kNetworks };

Neighbour neighbour(const plan::Step& step);

/// Reads what `neighbour` has of all that `named` names and of all that is ours, into `now`. Throws
/// what the ports throw.
void read(const host::Ports& ports, Neighbour neighbour, const model::HostState& named,
          model::Observed& now);

/// What is there of all that `desired` names and of all that is ours; what could not be read is a
/// finding. Takes links and bridge addresses from `facts`; adds to them the foreign routes to the
/// desired destinations.
model::Observed observe(const host::Ports& ports, const model::HostState& desired,
                        const SavedState& saved, model::HostFacts& facts);

/// Throws what the ports throw.
void carry_out(const host::Ports& ports, const plan::Step& step);

/// Whether `step` is in vain, or worse, after `failed` has failed.
bool depends(const plan::Step& step, const plan::Step& failed);

/// Calls `ask`; a base::Error becomes a finding about `resource`. Whether it was answered.
template <typename Ask>
bool answered(const char* resource, std::vector<model::Finding>& findings, Ask ask) {
  try {
    ask();
    return true;
  } catch (const base::Error& error) {
    findings.push_back({model::Severity::kUnknown, resource, error.what(), ""});
    return false;
  }
}

}  // namespace overland::reconcile
