#pragma once
// A policy as a small cluster has it, and shorthands.

#include <cstdint>
#include <string>
#include <vector>

#include "links.h"
#include "model/firewall.h"

namespace overland::tests {

inline std::vector<model::Prefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<model::Prefix> result;
  for (const std::string& text : texts) result.push_back(model::Prefix::parse(text).value());
  return model::aggregate(std::move(result));
}

/// `count` prefixes that have no neighbour.
inline std::vector<model::Prefix> spaced(const char* first, std::uint8_t length,
                                         std::uint32_t count) {
  std::vector<model::Prefix> result;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t address =
        model::Address::parse(first)->ipv4() + ((2 * i) << (32U - length));
    result.emplace_back(model::Address::from_ipv4(address), length);
  }
  return result;
}

/// Host 10.0.0.200 with 192.168.100.0/24, one peer 10.0.0.201 with 192.168.200.0/24.
inline model::FirewallPolicy two_host_policy() {
  model::FirewallPolicy policy;
  policy.mark = 0x200000;
  policy.bridges = {"docker0"};
  policy.ingress = tests::on_links({"eth0"});
  policy.local = prefixes({"192.168.100.0/24"});
  policy.peer_subnets = prefixes({"192.168.200.0/24"});
  policy.peer_hosts = prefixes({"10.0.0.201/32"});
  return policy;
}

}  // namespace overland::tests
