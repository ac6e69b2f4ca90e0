#pragma once
// nf_tables: table `ip overland`, and anchors in the tables iptables-nft and Docker work in. Both
// go by one look a survey.

#include <memory>

#include "firewall/anchors.h"
#include "firewall/policy_table.h"

namespace overland::firewall::nft {

struct Wing {
  std::unique_ptr<PolicyTable> table;
  std::unique_ptr<Anchors> anchors;
};

/// Needs nothing until it is used; then CAP_NET_ADMIN (kPrivilege) and nf_tables (kUnsupported).
Wing make_wing();

}  // namespace overland::firewall::nft
