#pragma once
// n1 and n2 in the north, s1 and s2 in the south, joined by tunnels.

#include <string>

#include "unit/desired/campus.h"

namespace overland::tests {

/// `tunnel`: further keys of [tunnel].
inline std::string two_sites(const std::string& tunnel = "") {
  return "version = 1\n[tunnel]\ntype = \"vxlan\"\n" + tunnel + R"(
[[segment]]
name = "north"
subnet = "10.1.0.0/24"
[[segment]]
name = "south"
subnet = "10.2.0.0/24"
[[host]]
name = "n1"
address = "10.1.0.11"
bip = "192.168.11.1/24"
[[host]]
name = "n2"
address = "10.1.0.12"
bip = "192.168.12.1/24"
[[host]]
name = "s1"
address = "10.2.0.11"
bip = "192.168.21.1/24"
[[host]]
name = "s2"
address = "10.2.0.12"
bip = "192.168.22.1/24"
)";
}

/// A machine with that address on eth0.
inline model::HostFacts machine_at(const char* address) {
  auto facts = running_docker();
  facts.links = {link("eth0", {address})};
  return facts;
}

}  // namespace overland::tests
