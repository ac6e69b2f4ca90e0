#pragma once
// The shared inventory, after parsing and validation: names resolved to indexes, defaults applied.
// An Inventory from load() without errors keeps every rule docs/inventory.md lists.

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "inventory/diagnostic.h"
#include "inventory/sources.h"
#include "model/address.h"
#include "model/docker.h"
#include "model/network.h"

namespace overland::inventory {

/// What packets to containers do that no other route takes.
enum class Fallback : std::uint8_t {
  kUnreachable,  // those to bridge subnets of the inventory are refused
  kPool,         // those to anywhere in the pool
  kNone,         // they take the default route
};

struct Cluster {
  std::string name;
  std::optional<model::Prefix> pool;  // every bip lies inside it
  bool ecmp = false;                  // equal routers share the load; else the first one is used
  Fallback fallback = Fallback::kUnreachable;  // kPool only with a pool
  std::uint8_t bip_length = 24;                // of the bips that are assigned from the pool
};

enum class TunnelType : std::uint8_t { kVxlan };

/// What joins hosts with a bip that share no segment and that no router of ours connects: see
/// inventory/tunnels.h for who takes which way.
struct Tunnel {
  TunnelType type = TunnelType::kVxlan;
  std::uint32_t vni = 111;           // VXLAN network identifier, 1..16777215 (RFC 7348: 24 bits)
  std::uint16_t port = 4789;         // UDP; IANA's for VXLAN
  std::optional<std::uint16_t> mtu;  // what the way carries: outer packets, in bytes, 576..65535
  bool always = false;               // routers of ours are not used where a tunnel can be
};

/// Which senders in a segment may reach the containers of the cluster.
enum class Trust : std::uint8_t {
  kHosts,   // the addresses in the inventory
  kSubnet,  // every address of the segment: macvlan containers, other machines
};

struct Segment {
  std::string name;
  model::Prefix subnet;
  std::optional<std::uint16_t> vlan;  // 802.1Q id, 1..4094
  Trust trust = Trust::kHosts;
  bool trust_said = false;  // `trust` stands in the file
  Position position;
};

/// Where Docker takes the subnets of new networks from.
struct AddressPool {
  model::Prefix base;
  std::uint8_t size = 24;  // prefix length of each network
  Position at = {};

  auto operator<=>(const AddressPool&) const = default;
};

struct DockerOptions {
  model::DaemonJsonMode daemon_json = model::DaemonJsonMode::kMerge;
  std::string bridge = "docker0";
  base::Boxed<std::string> program;  // dockerd where it is in no usual place; an absolute path
  base::Boxed<std::vector<AddressPool>> address_pools;  // at least one, none overlaps another
};

/// When what nobody lets through is dropped (model::FirewallGuard).
enum class Guard : std::uint8_t {
  kAuto,  // where overland turned forwarding on
  kOn,
  kOff,
};

struct FirewallOptions {
  std::uint32_t mark = 0x200000;  // exactly one bit
  bool conntrack = true;
  Guard guard = Guard::kAuto;
};

enum class RpFilter : std::uint8_t { kKeep, kLoose };

struct HostAddress {
  model::Address address;
  std::size_t segment = 0;  // index into Inventory::segments
};

/// What gives containers of a macvlan or ipvlan network their way out.
enum class Gateway : std::uint8_t {
  kNone,     // bridge: Docker picks one; ipvlan l3 and l3s need none
  kRouter,   // the address in the segment of the router that comes first in the file, the host
             // itself left out: macvlan never reaches the link below it
  kShim,     // each host's own shim
  kAddress,  // HostNetwork::gateway, as the file has it
};

/// Who reaches the containers of a network.
enum class NetworkReach : std::uint8_t {
  kCluster,  // all that reach docker0's
  kNetwork,  // those of the same network on other hosts, and of `join`
};

/// A Docker network declared for several hosts; what differs between them is in HostNetwork.
struct Network {
  std::string name;
  model::NetworkDriver driver = model::NetworkDriver::kBridge;
  model::NetworkMaker maker = model::NetworkMaker::kOverland;
  NetworkReach reach = NetworkReach::kCluster;
  Gateway gateway = Gateway::kNone;
  bool shim = false;      // macvlan and ipvlan: the host has a link among them
  bool internal = false;  // no way out, and none of our policy's business
  std::string mode;       // of ipvlan: "l2", "l3", "l3s"; else empty
  std::string link;       // bridge: its link; empty: others choose it (follow)
  std::string shim_link;  // the link named `shim`; empty without one
  std::string parent;     // macvlan, ipvlan without a segment
  std::optional<std::size_t>
      segment;  // index: whose link is the parent; its VLAN's where it has one
  std::vector<model::Address> reserve;         // never given to a container; sorted
  std::vector<std::string> join;               // names of networks, "docker0" for the default one
  std::map<std::string, std::string> options;  // passed on to Docker's driver
  std::optional<std::uint64_t> slots;  // how many pieces there are; nullopt: not given by slot
  Position position;

  /// Each host has a subnet, and not a range of a common one: bridges, ipvlan l3 and l3s.
  [[nodiscard]] bool has_own_subnets() const {
    return driver == model::NetworkDriver::kBridge || is_routed_ipvlan();
  }
  /// l3 or l3s.
  [[nodiscard]] bool is_routed_ipvlan() const { return mode == "l3" || mode == "l3s"; }
};

/// One network's part on one host.
struct HostNetwork {
  std::size_t network = 0;             // index into Inventory::networks
  model::Prefix subnet;                // of Docker's network
  std::optional<model::Prefix> range;  // this host's piece of it; nullopt: the subnet is its own
  std::optional<model::Address> gateway;
  std::optional<model::Address> shim;  // the address of its shim

  /// What other hosts send here: the range, else the subnet. nullopt: they need no route, since the
  /// containers are in a segment and answer there for themselves.
  std::optional<model::Prefix> routed;

  auto operator<=>(const HostNetwork&) const = default;
};

struct Host {
  std::string name;
  /// What its ranges are carved by: range base + slot × size. Unique; 0 or more.
  std::optional<std::uint32_t> slot;
  base::Boxed<std::vector<HostNetwork>> networks;  // by network; absent: none
  bool router = false;
  /// In the order of the file; at least one, and seldom more.
  boost::container::small_vector<HostAddress, 1> addresses;
  std::optional<model::InterfaceAddress> bip;
  bool auto_bip = false;    // `bip` is "auto": it has none yet; see require_bips()
  bool needs_slot = false;  // a network names it and has no piece for it: see parse_to_assign()
  std::optional<model::InterfaceAddress> previous_bip;
  /// Not in the file: what it had before its bip changed, kept (desired/held_subnets.h).
  base::Boxed<std::vector<model::Prefix>> held;
  std::string parent;                   // link the VLAN sub-interfaces are made on; may be empty
  std::vector<std::size_t> masquerade;  // indexes of segments
  std::uint16_t tunnel_end = 0;         // index into `addresses`: where its tunnels end
  bool tunnels = true;                  // neither excluded from tunnels nor left out of `only`
  RpFilter rp_filter = RpFilter::kKeep;
  DockerOptions docker;  // defaults and overrides merged
  FirewallOptions firewall;
  Position position;

  /// The subnets other hosts have to reach here: that of bip, then of previous_bip, then those of
  /// networks, then those held.
  [[nodiscard]] std::vector<model::Prefix> bridge_subnets() const;
  /// Whether it runs Docker of ours, though its bip may have to be assigned first.
  [[nodiscard]] bool has_bridge() const { return bip || auto_bip; }
  /// The outer address of its tunnels. Needs an address.
  [[nodiscard]] const model::Address& tunnel_address() const {
    return addresses[tunnel_end].address;
  }
  /// The address in that segment, or nullptr.
  [[nodiscard]] const model::Address* address_in(std::size_t segment) const;
};

struct Inventory {
  /// Grows with each roll-out; nullopt: the file counts none. 0 or more.
  std::optional<std::int64_t> generation;
  Cluster cluster;
  std::optional<Tunnel> tunnel;   // nullopt: there is none between any hosts
  std::vector<Segment> segments;  // in the order of the file
  std::vector<Host> hosts;        // in the order of the file: it breaks ties between routers
  std::vector<Network> networks;  // in the order of the file
};

struct Loaded {
  std::optional<Inventory> inventory;  // nullopt where `diagnostics` has an error
  std::vector<Diagnostic> diagnostics;
};

/// Parses and validates. Never throws for what stands in the text. Diagnostics name the fragment
/// they are about, with positions in it; those in the inventory count through all files.
Loaded parse(const Sources& sources);
Loaded parse(const std::string& text);  // of a main file alone

/// As parse(), and the inventory is there also where hosts that networks name have no slot, if that
/// is all that is wrong: for whoever gives them one.
Loaded parse_to_assign(const Sources& sources);

/// Throws kInventory, naming `overland assign`, where a host still waits for its bip: nothing can
/// be derived then. `file` is what it is called in the sentence.
void require_bips(const Inventory& inventory, const std::string& file);

inline constexpr std::size_t kLargestFile = std::size_t{64} << 20U;  // 100,000 hosts take 9 MB

/// Whose files are read.
enum class Owners : std::uint8_t {
  kAny,       // looking only needs no trust
  kRootOnly,  // for what root carries out: see base/trusted_path.h
};

/// The bytes of `file` ("-" is standard input, which is trusted), opened once, at most
/// kLargestFile. Throws kInventory, naming the file and the remedy, where it is missing,
/// unreadable, empty, not a text file, or not of `owners`.
std::string read_text(const std::string& file, Owners owners);

/// The same of a file that is a part of an inventory.
std::string read_fragment(const std::string& file, Owners owners);

/// `file` and the fragments in `folder`: every *.toml there but those whose name begins with a dot.
/// Empty, or not there: none. All of one moment: what changes meanwhile is read again. Throws as
/// read_text() does, also where the folder is not of `owners` or a fragment's name has another
/// character than letters, digits, '-', '_' and '.', and kLocked where they never stay as they are.
Sources read_sources(const std::string& file, const std::string& folder, Owners owners);

/// Of those the fragments alone, as each one is when its turn comes.
std::vector<Fragment> read_fragments(const std::string& folder, Owners owners);

/// Reads whoever's files and parses them. Throws as read_sources() does.
Loaded load(const std::string& file, const std::string& folder = {});

/// The host this machine is: `name` where given (--host), else the one whose name is `hostname`
/// (full, or either one's first label), else the one that owns one of `addresses`, which are only
/// asked for then. Throws kInventory where none or several match, and says which.
const Host& find_host(const Inventory& inventory, const std::optional<std::string>& name,
                      const std::string& hostname,
                      const std::function<std::vector<model::Address>()>& addresses);

}  // namespace overland::inventory
