#pragma once
// Every key an inventory may have: what the reader takes for known, and what the JSON schema for
// editors (config/schema/inventory.json) is made from. Sections are the tables of the file.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace overland::inventory {

enum class Kind : std::uint8_t {
  kName,  // of a segment, or of the cluster
  kHostName,
  kLink,     // a network interface's name
  kPath,     // absolute
  kRelease,  // "0.2" or "0.2.1"
  kAddress,  // one, or a list
  kOneAddress,
  kNetwork,  // of `least` to `most` bits
  kBip,      // an address with the length of its network, `least` to `most` bits
  kAutoBip,  // the same, or "auto"
  kNumber,   // `least` to `most`
  kFlag,
  kEnd,       // a flag; in TOML also the empty section [end]
  kWord,      // one of `words`
  kNames,     // one, or a list of them
  kPools,     // a list of networks, or of tables of kPoolKeys
  kNetworks,  // a table of networks of `least` to `most` bits, by host
  kGateway,   // "router", "shim" or an address
  kShim,      // a flag, or a table of addresses by host
  kOptions,   // a table of strings
  kTable,
  kTables,
};

inline constexpr std::int64_t kUnbounded = -1;

struct Key {
  std::string_view name;
  Kind kind;
  std::string_view meaning;  // a sentence for editors, without its full stop
  bool required = false;
  std::int64_t least = kUnbounded;
  std::int64_t most = kUnbounded;
  std::array<std::string_view, 3> words = {};  // in the order of the enumeration they stand for
};

// A /8 is the largest private network (RFC 1918). A pool may be as small as two bridges' worth, a
// segment as small as a point-to-point link (RFC 3021); below /30 a bridge has no room for a
// container.
inline constexpr int kShortestNetwork = 8;
inline constexpr int kLongestBridge = 30;
inline constexpr int kLongestSegment = 31;
inline constexpr std::int64_t kLargestSlot = 0xffffffff;

inline constexpr std::array kTopKeys = {
    Key{"version", Kind::kNumber, "Format of the file", true, 1, 1},
    Key{"min_overland", Kind::kRelease, "An older overland says so and reads no further"},
    Key{"generation", Kind::kNumber, "One more with each roll-out; a lower one is refused", false,
        0},
    Key{"end", Kind::kEnd, "The file ends with [end], or it is refused as cut off"},
    Key{"cluster", Kind::kTable, "What holds for all hosts"},
    Key{"tunnel", Kind::kTable, "What joins hosts that no segment and no router connects"},
    Key{"docker", Kind::kTable, "Docker on all hosts; a host may override each key"},
    Key{"firewall", Kind::kTable, "The firewall of all hosts; a host may override each key"},
    Key{"segment", Kind::kTables, "A LAN or VLAN", true},
    Key{"network", Kind::kTables, "A network of Docker's beside its default one"},
    Key{"host", Kind::kTables, "A machine", true},
};

/// Of these, what a fragment may have.
inline constexpr std::array<std::string_view, 3> kFragmentKeys = {"segment", "network", "host"};

inline constexpr std::array kClusterKeys = {
    Key{"name", Kind::kName, "Shown in reports"},
    Key{"pool", Kind::kNetwork, "Every bip has to lie inside it", false, kShortestNetwork,
        kLongestBridge},
    Key{"bip_length", Kind::kNumber,
        "Prefix length of the bips that overland assign gives; 24 unless said", false,
        kShortestNetwork, kLongestBridge},
    Key{"ecmp", Kind::kFlag, "Equal paths share the load; else the first router is used"},
    Key{"fallback",
        Kind::kWord,
        "What becomes of packets to containers that no other route takes",
        false,
        kUnbounded,
        kUnbounded,
        {"unreachable", "pool", "none"}},
};

// RFC 7348: a VXLAN network identifier has 24 bits, and 0 is left alone. RFC 791: every host takes
// packets of 576 bytes, and a length has 16 bits.
inline constexpr std::int64_t kLargestVni = 0xffffff;
inline constexpr std::int64_t kLargestPort = 0xffff;
inline constexpr std::int64_t kLeastTunnelMtu = 576;
inline constexpr std::int64_t kMostTunnelMtu = 0xffff;

inline constexpr std::array kTunnelKeys = {
    Key{"type", Kind::kWord, "What kind of tunnel", true, kUnbounded, kUnbounded, {"vxlan"}},
    Key{"vni", Kind::kNumber, "VXLAN network identifier; 111 unless said", false, 1, kLargestVni},
    Key{"port", Kind::kNumber, "UDP port; 4789 unless said", false, 1, kLargestPort},
    Key{"mtu", Kind::kNumber,
        "The largest packet the way between sites carries, in bytes; that of the link unless said",
        false, kLeastTunnelMtu, kMostTunnelMtu},
    Key{"always", Kind::kFlag, "Also between hosts that only routers of this file connect"},
    Key{"only", Kind::kNames,
        "Hosts, or segments for all hosts whose tunnels end there: no others"},
    Key{"exclude", Kind::kNames, "Likewise those that have no tunnel"},
};

inline constexpr std::array kDockerKeys = {
    Key{"daemon_json",
        Kind::kWord,
        "merge sets our keys in daemon.json, verify only reports, off does not look",
        false,
        kUnbounded,
        kUnbounded,
        {"merge", "verify", "off"}},
    Key{"bridge", Kind::kLink, "The link that carries bip; docker0 unless said"},
    Key{"program", Kind::kPath, "dockerd, where it is in no usual place"},
    Key{"address_pools", Kind::kPools,
        "Where Docker takes the subnets of new networks from: its default-address-pools"},
};

/// Of one entry of address_pools, named as in daemon.json.
inline constexpr std::array kPoolKeys = {
    Key{"base", Kind::kNetwork, "The pool", true, kShortestNetwork, kLongestBridge},
    Key{"size", Kind::kNumber, "Prefix length of each new network; 24 unless said", false,
        kShortestNetwork, kLongestBridge},
};

inline constexpr std::array kFirewallKeys = {
    Key{"mark", Kind::kNumber, "The one packet mark bit overland uses", false, 1, 0x80000000},
    Key{"conntrack", Kind::kFlag, "false: traffic between hosts is not tracked"},
    Key{"guard",
        Kind::kWord,
        "Whether what nobody lets through is dropped; auto: where overland turned ip_forward on",
        false,
        kUnbounded,
        kUnbounded,
        {"auto", "on", "off"}},
};

inline constexpr std::array kSegmentKeys = {
    Key{"name", Kind::kName, "The segment's name", true},
    Key{"subnet", Kind::kNetwork, "Its network", true, kShortestNetwork, kLongestSegment},
    // IEEE 802.1Q: 0 and 4095 are reserved.
    Key{"vlan", Kind::kNumber, "802.1Q id: hosts with a parent get the link parent.id", false, 1,
        4094},
    Key{"trust",
        Kind::kWord,
        "Who in it reaches the containers: the hosts of this file, or the whole subnet",
        false,
        kUnbounded,
        kUnbounded,
        {"hosts", "subnet"}},
};

/// Those of one driver only are named below.
inline constexpr std::array kNetworkKeys = {
    Key{"name", Kind::kName, "The network's name in Docker, the same on each host", true},
    Key{"driver",
        Kind::kWord,
        "bridge: of its own; macvlan: containers in a LAN or VLAN; ipvlan: the same with the "
        "parent's MAC, or routed",
        true,
        kUnbounded,
        kUnbounded,
        {"bridge", "macvlan", "ipvlan"}},
    Key{"manage",
        Kind::kWord,
        "create makes it through Docker; follow: somebody else makes it, and it is checked",
        false,
        kUnbounded,
        kUnbounded,
        {"create", "follow"}},
    Key{"hosts", Kind::kNames, "Where it is, if not on all hosts with bip and slot"},
    Key{"link", Kind::kLink, "The bridge, or the shim; br- or ovl- and the name unless said"},
    Key{"internal", Kind::kFlag, "No way out, and nobody on other hosts reaches it"},
    Key{"options", Kind::kOptions, "Passed on to Docker's driver"},
    Key{"subnets", Kind::kNetworks, "Of a bridge, or ipvlan l3: by host", false, kShortestNetwork,
        kLongestBridge},
    Key{"pool", Kind::kNetwork,
        "Of a bridge, or ipvlan l3: a host's subnet is the piece its slot says", false,
        kShortestNetwork, kLongestBridge},
    Key{"length", Kind::kNumber, "Prefix length of the pieces of pool", false, kShortestNetwork,
        kLongestBridge},
    Key{"reach",
        Kind::kWord,
        "cluster: who reaches docker0 reaches it; network: only its namesakes, and join",
        false,
        kUnbounded,
        kUnbounded,
        {"cluster", "network"}},
    Key{"join", Kind::kNames, "Other bridges of the same host that reach it: docker0, networks"},
    Key{"segment", Kind::kName,
        "Of macvlan and ipvlan: in which LAN or VLAN; its link is the parent"},
    Key{"parent", Kind::kLink, "Of those without a segment: the link it is made on"},
    Key{"subnet", Kind::kNetwork, "Of macvlan and ipvlan l2: not the segment's own", false,
        kShortestNetwork, kLongestBridge},
    Key{"range", Kind::kNetwork,
        "Of macvlan and ipvlan l2: a host's addresses are the piece its slot says", false,
        kShortestNetwork, kLongestBridge},
    Key{"range_length", Kind::kNumber, "Prefix length of the pieces of range", false,
        kShortestNetwork, kLongestBridge},
    Key{"ranges", Kind::kNetworks, "Of macvlan and ipvlan l2: by host", false, kShortestNetwork,
        kLongestBridge},
    Key{"gateway", Kind::kGateway,
        "Of macvlan and ipvlan l2: the segment's router, the host's shim, an address"},
    Key{"shim", Kind::kShim, "Of macvlan and ipvlan: the host has a link to its own containers"},
    Key{"reserve", Kind::kAddress, "Of macvlan and ipvlan: no container gets these"},
    Key{"mode",
        Kind::kWord,
        "Of ipvlan; l2 unless said",
        false,
        kUnbounded,
        kUnbounded,
        {"l2", "l3", "l3s"}},
};

inline constexpr std::array<std::string_view, 5> kBridgeKeys = {"subnets", "pool", "length",
                                                                "reach", "join"};
/// Of macvlan and ipvlan l2.
inline constexpr std::array<std::string_view, 9> kMacvlanKeys = {
    "segment", "parent", "subnet", "range", "range_length", "ranges", "gateway", "shim", "reserve"};

/// Of these ipvlan l3 and l3s have none, and of kBridgeKeys all but `join`.
inline constexpr std::array<std::string_view, 5> kRangeKeys = {"subnet", "range", "range_length",
                                                               "ranges", "gateway"};

/// Beside these a host may have all of kDockerKeys and kFirewallKeys.
inline constexpr std::array kHostKeys = {
    Key{"name", Kind::kHostName, "The machine's host name, short or in full", true},
    Key{"slot", Kind::kNumber, "Which piece of each network's pool or range is its own; unique",
        false, 0, kLargestSlot},
    Key{"router", Kind::kFlag, "Forwards between the segments it has addresses in"},
    Key{"address", Kind::kAddress, "Its addresses, each in exactly one segment", true},
    Key{"bip", Kind::kAutoBip,
        "The bridge's own address with its length, as Docker wants it; auto: overland assign gives "
        "one",
        false, kShortestNetwork, kLongestBridge},
    Key{"previous_bip", Kind::kBip, "While bip changes: peers keep routes to the old subnet too",
        false, kShortestNetwork, kLongestBridge},
    Key{"parent", Kind::kLink, "The link VLAN links are made on"},
    Key{"masquerade", Kind::kNames,
        "Segments out of which other segments' traffic is masqueraded; only routers"},
    Key{"tunnel_address", Kind::kOneAddress,
        "Which of its addresses its tunnels end at; the first unless said"},
    Key{"rp_filter",
        Kind::kWord,
        "loose sets rp_filter to 2 on the underlay links",
        false,
        kUnbounded,
        kUnbounded,
        {"keep", "loose"}},
    Key{"docker", Kind::kTable, "Overrides of [docker]"},
    Key{"firewall", Kind::kTable, "Overrides of [firewall]"},
};

/// All keys of a [[host]].
std::span<const Key> all_host_keys();

std::vector<std::string_view> names_of(std::span<const Key> keys);

}  // namespace overland::inventory
