#pragma once
// Docker as far as overland cares: the keys of daemon.json it sets, and the bridge that lives.

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"
#include "model/finding.h"
#include "model/network.h"

namespace overland::model {

enum class DaemonJsonMode { kMerge, kVerify, kOff };

/// Keys of daemon.json with their values as compact JSON text ("\"192.168.100.1/24\"", "true");
/// nullopt: the key is not there (actual), or shall not be there (desired, when purging).
using DaemonKeys = std::map<std::string, std::optional<std::string>>;

struct DockerSettings {
  DaemonJsonMode mode = DaemonJsonMode::kMerge;
  DaemonKeys keys;                          // the ones we set; read back: the same names
  std::string bridge;                       // "docker0"; empty on a host without Docker
  std::optional<InterfaceAddress> address;  // of that bridge: wanted, or found now

  auto operator<=>(const DockerSettings&) const = default;
};

/// A network Docker made, beside the default bridge.
struct DockerNetwork {
  std::string name;
  std::string link;  // br-… ; empty for other drivers
  std::vector<Prefix> subnets;
  /// Links from which Docker lets direct traffic in (trusted_host_interfaces); "" among them: from
  /// all (gateway modes "routed" and "nat-unprotected"). Sorted.
  std::vector<std::string> open_from = {};
  std::string id = {};      // another one means it was made anew
  std::string driver = {};  // as Docker names it
  /// Set where it has our label: what that says, but driver, subnet, link and parent as Docker
  /// itself has them.
  std::optional<Network> ours = {};
  /// Containers on it, running or not, by name; nullopt: not asked, or not known.
  std::optional<std::vector<NetworkMember>> members = {};
  std::string parent = {};  // of macvlan and ipvlan; one that Docker made for want of another, too

  auto operator<=>(const DockerNetwork&) const = default;
};

/// Those of ours, by name as `networks` are.
std::vector<Network> our_networks(const std::vector<DockerNetwork>& networks);

struct DockerFacts {
  bool installed = false;  // a dockerd program, or one running
  bool running = false;
  std::string instance;  // names this life of dockerd: another one means it was restarted; opaque,
                         // empty while no dockerd runs
  std::string version;   // "28.5.2", as the running one says; else empty
  std::vector<std::string> flags;  // of the running dockerd or of its unit, that fix a key of ours
  bool live_restore = false;
  std::vector<Prefix> address_pools;    // default-address-pools in force, or Docker's built-in ones
  bool networks_known = false;          // whether the API told the next
  std::vector<DockerNetwork> networks;  // by name; empty while not running
  std::string firewall_backend;         // "iptables", "nftables", "iptables+firewalld"; from /info
  bool drops_forwarded = true;     // beside forwarding it sets the policy DROP; false: told not to
  bool direct_routing = false;     // allow-direct-routing is on, and not because of us
  std::string configured_backend;  // "iptables" or "nftables": what the next start brings, by
                                   // its flags and daemon.json; empty: not known
  std::vector<std::string> retired;  // where settings stand that Docker 23 and later do not start
                                     // with: "--cluster-store=… on the unit docker.service"
  std::vector<Finding> unknown;      // what could not be asked, and is at its default above

  auto operator<=>(const DockerFacts&) const = default;
};

/// Whether dockerd `version` ("28.5.2", "20.10.24+dfsg1") knows this key of daemon.json: an unknown
/// one stops it. Keys of ours without an entry in the table are older than every supported version.
/// With an empty or unreadable version a key in the table counts as unknown.
bool docker_accepts_key(std::string_view version, std::string_view key);

/// Why that dockerd would take this option of a network's driver and do nothing, or else than it
/// says: it takes any. A clause; empty: it knows it.
std::string option_fault(std::string_view version, const std::string& option,
                         const std::string& value);

/// Whether it knows ipvlan's mode l3s.
bool docker_knows_l3s(std::string_view version);

/// Whether several macvlan networks may have one parent there.
bool docker_shares_parents(std::string_view version);

}  // namespace overland::model
