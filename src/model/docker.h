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

  auto operator<=>(const DockerNetwork&) const = default;
};

struct DockerFacts {
  bool installed = false;  // a dockerd program, or one running
  bool running = false;
  std::string instance;  // names this life of dockerd: another one means it was restarted; opaque,
                         // empty while no dockerd runs
  std::string version;   // "28.5.2", as the running one says; else empty
  std::vector<std::string> flags;  // of the running dockerd or of its unit, that fix a key of ours
  bool live_restore = false;
  std::vector<Prefix> address_pools;    // default-address-pools in force, or Docker's built-in ones
  std::vector<DockerNetwork> networks;  // from the API; empty while not running
  std::string firewall_backend;         // "iptables", "nftables", "iptables+firewalld"; from /info
  std::vector<Finding> unknown;         // what could not be asked, and is at its default above

  auto operator<=>(const DockerFacts&) const = default;
};

/// Whether dockerd `version` ("28.5.2", "20.10.24+dfsg1") knows this key of daemon.json: an unknown
/// one stops it. Keys of ours without an entry in the table are older than every supported version.
/// With an empty or unreadable version a key in the table counts as unknown.
bool docker_accepts_key(std::string_view version, std::string_view key);

}  // namespace overland::model
