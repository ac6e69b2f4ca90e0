#pragma once
// A policy as a small cluster has it, and shorthands, for the tests of the nft driver.

#include <string>
#include <vector>

#include "model/firewall.h"

namespace overland::tests {

inline std::vector<model::Prefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<model::Prefix> result;
  for (const std::string& text : texts) result.push_back(model::Prefix::parse(text).value());
  return model::aggregate(std::move(result));
}

/// Host 10.0.0.200 with 192.168.100.0/24, one peer 10.0.0.201 with 192.168.200.0/24.
inline model::FirewallPolicy two_host_policy() {
  model::FirewallPolicy policy;
  policy.mark = 0x200000;
  policy.bridges = {"docker0"};
  policy.underlay_links = {"eth0"};
  policy.local = prefixes({"192.168.100.0/24"});
  policy.peer_subnets = prefixes({"192.168.200.0/24"});
  policy.peer_hosts = prefixes({"10.0.0.201/32"});
  return policy;
}

}  // namespace overland::tests
