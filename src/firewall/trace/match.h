#pragma once
// What expressions of a rule mean for a packet where nothing has to be computed: extensions of
// iptables (iptables-nft writes them), and statements.

#include <string>

#include "firewall/trace/packet.h"

namespace overland::firewall::trace {

/// Whether one holds for the first packet of a connection; `data`: NFTA_EXPR_DATA of a "match".
Answer extension_matches(Bytes data, const PacketState& state);

/// A statement after which the packet goes on: no verdict, and no limit of its own. `data`:
/// NFTA_EXPR_DATA of the expression `name`.
bool goes_on(const std::string& name, Bytes data);

}  // namespace overland::firewall::trace
