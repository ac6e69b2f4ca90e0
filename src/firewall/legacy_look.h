#pragma once
// A glance at the legacy tables without making any: opening one that is not there would bring it to
// life and make every later iptables-nft warn about it.

namespace overland::firewall {

struct LegacyLook {
  bool usable = false;         // this network namespace can have legacy tables
  bool docker_chains = false;  // filter FORWARD jumps to DOCKER-USER
  bool forward_drops = false;  // filter FORWARD has the policy DROP
  bool foreign_rules =
      false;  // any rule in filter, nat or raw that is neither ours nor a jump to us
};

/// Throws kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW where there are tables to look at.
LegacyLook look_at_legacy();

}  // namespace overland::firewall
