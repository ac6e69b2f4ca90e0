#pragma once
// Links: the VLAN sub-interfaces we own, and what we need to know of all others.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::model {

/// A VLAN sub-interface of ours: `name` is parent.id. REORDER_HDR is the kernel's default.
/// Its MTU is the parent's, always.
struct VlanLink {
  std::string name;  // at most 15 characters (IFNAMSIZ of linux/if.h, with the final NUL)
  std::string parent;
  std::uint16_t vlan = 0;  // 802.1Q id, 1..4094
  InterfaceAddress address;
  bool up = true;
  bool mtu_follows_parent = true;  // read back: false when its MTU exceeds or trails the parent's

  auto operator<=>(const VlanLink&) const = default;
};

/// What is there, ours or not: never changed through this type.
struct LinkFacts {
  std::string name;
  bool up = false;         // IFF_UP of netdevice(7)
  bool carrier = false;    // IFF_LOWER_UP
  bool bridge = false;     // kind "bridge"
  std::uint32_t mtu = 0;   // bytes
  std::uint16_t vlan = 0;  // 802.1Q id where kind is "vlan", else 0
  std::string parent;      // of a VLAN link; else empty
  bool ours = false;       // carries our alias
  std::vector<InterfaceAddress> addresses;
  std::uint8_t rp_filter = 0;  // in force: 0 off, 1 strict, 2 loose (ip-sysctl.rst); only of links
                               // with addresses

  auto operator<=>(const LinkFacts&) const = default;
};

/// Those of ours, sorted by name as `links` are. One we did not finish is there too, without an
/// address (0.0.0.0/0); of several IPv4 addresses the first counts.
std::vector<VlanLink> our_links(const std::vector<LinkFacts>& links);

}  // namespace overland::model
