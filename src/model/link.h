#pragma once
// Links: the VLAN sub-interfaces, shims and the tunnel we own, and what we need to know of all
// others.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"
#include "model/mac.h"

namespace overland::model {

/// The one tunnel of a host.
inline constexpr std::string_view kTunnelLink = "vxlan.ovl";

/// What VXLAN puts around an IPv4 packet, in bytes: outer IPv4 20, UDP 8, VXLAN 8 (RFC 7348),
/// inner Ethernet 14.
inline constexpr std::uint32_t kVxlanOverhead = 50;

/// Of a tunnel (ip-link(8), type vxlan): without a lower link, so that none takes it along when it
/// goes; nolearning, since all peers are entered (model/neighbour.h).
struct Vxlan {
  std::uint32_t vni = 0;      // VXLAN network identifier, 1..16777215
  std::uint16_t port = 0;     // UDP, of the destination
  Address local;              // outer source of what we send
  std::uint32_t mtu = 0;      // of the link, in bytes: kVxlanOverhead below what the way carries
  bool as_we_make_it = true;  // read back: false where another option or its own address differs

  auto operator<=>(const Vxlan&) const = default;
};

/// The Ethernet address of the tunnel's link on the host whose outer address this is: locally
/// administered (IEEE 802: bit 2 of the first byte), the same on every host that computes it.
Mac tunnel_mac(const Address& outer);

/// A link of ours: a VLAN sub-interface, whose `name` is parent.id and which has REORDER_HDR, the
/// kernel's default; or a shim, by which a host and the containers of a macvlan or ipvlan network
/// on the same parent reach each other: of the network's kind, a macvlan of mode bridge, or an
/// ipvlan of its mode. Its MTU is the parent's, always; or the
/// tunnel.
struct Link {
  std::string name;  // at most 15 characters (IFNAMSIZ of linux/if.h, with the final NUL)
  std::string parent;
  std::uint16_t vlan = 0;    // 802.1Q id, 1..4094; 0: a shim, or a tunnel
  InterfaceAddress address;  // kNoAddress: none
  bool up = true;
  bool mtu_follows_parent = true;   // read back: false when its MTU exceeds or trails the parent's
  std::string ipvlan = {};          // of a shim: "l2", "l3", "l3s"; empty: a macvlan
  std::optional<Vxlan> vxlan = {};  // a tunnel: without `parent` and `vlan`

  auto operator<=>(const Link&) const = default;
};

inline const InterfaceAddress kNoAddress = {};

/// What is there, ours or not: never changed through this type.
struct LinkFacts {
  std::string name;
  bool up = false;       // IFF_UP of netdevice(7)
  bool carrier = false;  // IFF_LOWER_UP
  bool bridge = false;   // kind "bridge"
  bool wired = false;  // a bridge with a member that leads to a wire: neither a container's (veth)
                       // nor a virtual machine's (tap)
  std::uint32_t mtu = 0;   // bytes
  std::uint16_t vlan = 0;  // 802.1Q id where kind is "vlan", else 0
  std::string parent;      // of a VLAN link, a macvlan or ipvlan; else empty
  bool ours = false;       // carries our alias
  std::vector<InterfaceAddress> addresses;
  std::uint8_t rp_filter = 0;  // in force: 0 off, 1 strict, 2 loose (ip-sysctl.rst); only of links
                               // with addresses
  bool forwards = true;        // what comes in by it; false only where the host as a whole forwards
  std::string ipvlan = {};     // of an ipvlan its mode, as Link has it
  std::optional<Vxlan> vxlan = {};  // where kind is "vxlan"

  auto operator<=>(const LinkFacts&) const = default;
};

/// How far the kernel got with a neighbour (NUD_… of linux/neighbour.h); the later, the worse.
enum class Reach : std::uint8_t {
  kReachable,   // it answered of late
  kStale,       // it answered once
  kEntered,     // by hand, or by us: nobody asks it, so nothing is known of it
  kNotAsked,    // no entry
  kIncomplete,  // being asked; no answer yet
  kFailed,      // it does not answer
};

/// An entry of the neighbour table (ip-neighbour(8)) of IPv4.
struct NeighbourFacts {
  Address address;
  std::string link;
  Reach reach = Reach::kNotAsked;

  auto operator<=>(const NeighbourFacts&) const = default;
};

/// Those of ours, sorted by name as `links` are. One we did not finish is there too, without an
/// address (0.0.0.0/0); of several IPv4 addresses the first counts.
std::vector<Link> our_links(const std::vector<LinkFacts>& links);

}  // namespace overland::model
