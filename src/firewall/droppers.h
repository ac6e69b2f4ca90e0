#pragma once
// Foreign nf_tables rules that drop forwarded traffic in spite of our anchors: an accept in one
// base chain does not stop a later chain of the same hook from dropping.

#include <string>
#include <vector>

#include "firewall/nft_look.h"

namespace overland::firewall {

/// One sentence for each, with table, chain, rule and remedy. Names what drops everything that
/// comes as far as there: the policy of a base chain at the forward hook, or an unconditional drop
/// or reject, unless an accept for a packet mark stands before. Lists only tables that have such a
/// base chain and belong neither to iptables, Docker nor us.
std::vector<std::string> find_droppers(const NftLook& look);

}  // namespace overland::firewall
