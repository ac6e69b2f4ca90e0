#pragma once
// A glance at nf_tables: what the choice of a variant needs.

#include <vector>

#include "firewall/nft_dump.h"

namespace overland::firewall {

struct NftLook {
  bool usable = false;         // the kernel has nf_tables
  bool docker_chains = false;  // ip filter FORWARD jumps to DOCKER-USER, or a DOCKER-USER not ours
  bool docker_user_reached = false;   // ip filter FORWARD jumps to DOCKER-USER
  bool docker_backend = false;        // table ip docker-bridges: Docker's own nftables backend
  std::vector<NftChainEntry> chains;  // of all families
};

/// Throws kPrivilege without CAP_NET_ADMIN.
NftLook look_at_nft();

/// Any rule in the ip tables of iptables that is neither ours nor a jump to us.
bool nft_has_foreign_rules(const NftLook& look);

}  // namespace overland::firewall
