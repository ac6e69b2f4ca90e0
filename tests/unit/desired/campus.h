#pragma once
// Inventories for the tests of this folder: two hosts on a LAN; and a campus: two VLANs joined by
// two equal routers r1 and r2, and a chain on: r1 or r2, then r3, to a third.

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "inventory/inventory.h"
#include "unit/states.h"

namespace overland::tests {

inline inventory::Inventory load(const std::string& text) {
  auto loaded = inventory::parse(text);
  EXPECT_TRUE(loaded.inventory) << inventory::render(loaded.diagnostics, "test");
  return std::move(*loaded.inventory);
}

/// The README's example.
inline constexpr const char* kTwoHosts = R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
[[host]]
name = "docker-201"
address = "10.0.0.201"
bip = "192.168.200.1/24"
)";

inline constexpr const char* kCampus = R"(
version = 1
[[segment]]
name = "vlan100"
subnet = "172.16.10.0/24"
vlan = 100
[[segment]]
name = "vlan200"
subnet = "172.16.20.0/24"
vlan = 200
[[segment]]
name = "lab"
subnet = "172.16.30.0/24"
[[host]]
name = "a"
address = "172.16.10.10"
bip = "192.168.1.1/24"
[[host]]
name = "b"
address = "172.16.20.10"
bip = "192.168.2.1/24"
[[host]]
name = "c"
address = "172.16.30.10"
bip = "192.168.3.1/24"
[[host]]
name = "r1"
router = true
address = ["172.16.10.1", "172.16.20.1"]
[[host]]
name = "r2"
router = true
address = ["172.16.10.2", "172.16.20.2"]
[[host]]
name = "r3"
router = true
address = ["172.16.20.3", "172.16.30.3"]
)";

}  // namespace overland::tests
