#pragma once
// Routes as other programs read them. Pure text.

#include <string>
#include <vector>

#include "desired/third_party.h"

namespace overland::desired {

/// For `ip -batch`: a line a route; those that stand are replaced.
std::string format_iproute(const std::vector<ThirdPartyRoute>& routes);

/// For systemd-networkd: a section a route, of a drop-in for the link's .network file.
std::string format_networkd(const std::vector<ThirdPartyRoute>& routes);

/// For FRR's static daemon.
std::string format_frr(const std::vector<ThirdPartyRoute>& routes);

/// For BIRD 2: one static protocol.
std::string format_bird(const std::vector<ThirdPartyRoute>& routes);

}  // namespace overland::desired
