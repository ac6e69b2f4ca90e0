#pragma once
// Whether the firewall in front of a container lets a packet in. Pure.

#include <string>

#include "desired/path.h"

namespace overland::desired {

/// Why the host in front of a container drops what `from` sends; empty where it does not.
std::string refusal(const inventory::Inventory& inventory, const Endpoint& from,
                    const Endpoint& to);

}  // namespace overland::desired
