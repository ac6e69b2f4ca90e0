#pragma once
// Policies for the tests of the legacy encoding.

#include <cstdint>
#include <vector>

#include "model/firewall.h"
#include "unit/states.h"

namespace overland::firewall::iptc {

inline model::Prefix prefix(const char* text) { return model::Prefix::parse(text).value(); }

/// `count` prefixes of /24 no two of which are neighbours.
inline std::vector<model::Prefix> scattered(std::size_t count) {
  std::vector<model::Prefix> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.emplace_back(
        model::Address::from_ipv4(0x0a000000U + (static_cast<std::uint32_t>(i) << 9U)),
        std::uint8_t{24});
  }
  return result;
}

inline model::FirewallPolicy docker_host() {
  return tests::two_hosts_policy(model::FirewallVariant::kLegacy);
}

inline model::FirewallPolicy router() {
  model::FirewallPolicy policy = docker_host();
  policy.anchor = model::FirewallAnchor::kForward;
  policy.underlay_links = {"eth0", "eth1"};
  policy.transit = {prefix("10.0.0.0/24"), prefix("10.1.0.0/24"), prefix("192.168.200.0/24")};
  policy.masquerades = {{"eth2", {prefix("10.0.0.0/24"), prefix("192.168.200.0/24")}}};
  return policy;
}

}  // namespace overland::firewall::iptc
