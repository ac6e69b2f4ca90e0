#pragma once
// Foreign nf_tables rules that drop trusted traffic in spite of our anchors: an accept in one base
// chain does not stop a later chain of the same hook from dropping.

#include <string>
#include <vector>

#include "firewall/legacy_look.h"
#include "firewall/nft_look.h"
#include "model/firewall.h"

namespace overland::firewall {

/// One sentence for each rule, with table, chain, whose traffic, and the remedy: what drops the
/// first packet of a connection between a local bridge subnet and a peer, whatever its protocol and
/// port. Followed from the base chains of the forward hook, policies included; of very many peers
/// only some. Lists only tables that have such a chain and belong neither to Docker nor to us.
std::vector<std::string> find_droppers(const NftLook& nft, const LegacyLook& legacy,
                                       const model::FirewallPolicy& policy);

}  // namespace overland::firewall
