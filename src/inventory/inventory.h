#pragma once
// The shared inventory, after parsing and validation: names resolved to indexes, defaults applied.
// An Inventory from load() without errors keeps every rule docs/inventory.md lists.

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "inventory/diagnostic.h"
#include "model/address.h"
#include "model/docker.h"

namespace overland::inventory {

struct Cluster {
  std::string name;
  std::optional<model::Prefix> pool;  // every bip lies inside it
  bool ecmp = false;                  // equal routers share the load; else the first one is used
};

/// Which senders in a segment may reach the containers of the cluster.
enum class Trust : std::uint8_t {
  kAuto,    // kSubnet where only routers have an address in it, else kHosts
  kHosts,   // the addresses in the inventory
  kSubnet,  // every address of the segment: macvlan containers, other machines
};

struct Segment {
  std::string name;
  model::Prefix subnet;
  std::optional<std::uint16_t> vlan;  // 802.1Q id, 1..4094
  Trust trust = Trust::kAuto;
  Position position;
};

struct DockerOptions {
  model::DaemonJsonMode daemon_json = model::DaemonJsonMode::kMerge;
  std::string bridge = "docker0";
  base::Boxed<std::string> program;  // dockerd where it is in no usual place; an absolute path
};

struct FirewallOptions {
  std::uint32_t mark = 0x200000;  // exactly one bit
  bool conntrack = true;
};

enum class RpFilter : std::uint8_t { kKeep, kLoose };

struct HostAddress {
  model::Address address;
  std::size_t segment = 0;  // index into Inventory::segments
};

struct Host {
  std::string name;
  bool router = false;
  /// In the order of the file; at least one, and seldom more.
  boost::container::small_vector<HostAddress, 1> addresses;
  std::optional<model::InterfaceAddress> bip;
  std::optional<model::InterfaceAddress> previous_bip;
  std::string parent;                   // link the VLAN sub-interfaces are made on; may be empty
  std::vector<std::size_t> masquerade;  // indexes of segments
  RpFilter rp_filter = RpFilter::kKeep;
  DockerOptions docker;  // defaults and overrides merged
  FirewallOptions firewall;
  Position position;

  /// The bridge subnets other hosts have to reach here: that of bip, then of previous_bip.
  [[nodiscard]] std::vector<model::Prefix> bridge_subnets() const;
  /// The address in that segment, or nullptr.
  [[nodiscard]] const model::Address* address_in(std::size_t segment) const;
};

struct Inventory {
  /// Grows with each roll-out; nullopt: the file counts none. 0 or more.
  std::optional<std::int64_t> generation;
  Cluster cluster;
  std::vector<Segment> segments;  // in the order of the file
  std::vector<Host> hosts;        // in the order of the file: it breaks ties between routers
};

struct Loaded {
  std::optional<Inventory> inventory;  // nullopt where `diagnostics` has an error
  std::vector<Diagnostic> diagnostics;
};

/// Parses and validates `text`. Never throws for what stands in the text.
Loaded parse(const std::string& text);

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

/// Reads whoever's `file` and parses it. Throws as read_text() does.
Loaded load(const std::string& file);

/// The host this machine is: `name` where given (--host), else the one whose name is `hostname`
/// (full, or either one's first label), else the one that owns one of `addresses`, which are only
/// asked for then. Throws kInventory where none or several match, and says which.
const Host& find_host(const Inventory& inventory, const std::optional<std::string>& name,
                      const std::string& hostname,
                      const std::function<std::vector<model::Address>()>& addresses);

}  // namespace overland::inventory
