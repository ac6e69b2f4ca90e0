#pragma once
// A Docker network of ours on one host, beside Docker's default bridge. Docker cannot change a
// network: another value means another network of the same name.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::model {

/// As Docker names them, and what `driver` of a [[network]] says.
enum class NetworkDriver : std::uint8_t { kBridge, kMacvlan, kIpvlan };

/// Who makes it.
enum class NetworkMaker : std::uint8_t {
  kOverland,  // manage = "create": through Docker's API, with our label
  kOthers,    // manage = "follow": name, driver and subnet are only checked
};

/// Of ipvlan, as Docker and `mode` of a [[network]] name them. l2: in the parent's segment, as
/// macvlan; l3 and l3s: routed by the parent alone, without ARP, l3s with the connection tracking
/// and the INPUT chains of the host.
enum class IpvlanMode : std::uint8_t { kL2, kL3, kL3s };

struct Network {
  std::string name;
  NetworkDriver driver = NetworkDriver::kBridge;
  NetworkMaker maker = NetworkMaker::kOverland;
  Prefix subnet;
  std::optional<Prefix> range = {};     // what Docker gives to containers; nullopt: all of subnet
  std::optional<Address> gateway = {};  // of containers; nullopt: Docker's choice, or none needed
  std::vector<Address> reserved = {};   // never given to a container; sorted
  std::string link = {};                // of a bridge: its own; empty where others choose it
  std::string parent = {};              // of macvlan and ipvlan
  std::string mode = {};                // of ipvlan: "l2", "l3", "l3s"
  bool internal = false;                // no way out: left out of the policy
  std::map<std::string, std::string> options = {};  // passed on to the driver

  auto operator<=>(const Network&) const = default;
};

/// A container that is on a network, or was: running or not.
struct NetworkMember {
  std::string id;
  std::string name;
  std::string network = {};             // id of the network; empty: it has not run on it yet
  std::optional<Address> address = {};  // one that was chosen for it, which Docker keeps
  std::string endpoint = "{}";  // EndpointConfig of Docker's API that puts it on a network as it is
                                // on this one: address, MAC, aliases, options; compact JSON
  bool running = false;

  auto operator<=>(const NetworkMember&) const = default;
};

/// Who was on a network of ours when it was made anew, or went, and is not on it now.
struct MissingMembers {
  std::string network;  // its name
  std::vector<NetworkMember> members;
  std::vector<std::string> gone = {};  // names of containers that are no more

  auto operator<=>(const MissingMembers&) const = default;
};

/// "bridge", "macvlan", "ipvlan"
const char* name_of(NetworkDriver driver);
/// "l2", "l3", "l3s"
const char* name_of(IpvlanMode mode);

/// Whether a container may have that address on the network.
bool can_have(const Network& network, const Address& address);

}  // namespace overland::model
