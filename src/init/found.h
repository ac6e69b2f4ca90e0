#pragma once
// What one host says of itself, asked by a small shell script, here or by ssh: links, routes,
// Docker and what an older way of connecting containers left there. What it says was written by
// others: texts are as they came, and are to be printed by nobody as they are.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"

namespace overland::init {

struct FoundLink {
  std::string name;
  std::string kind;    // of `ip -d link`: "vlan", "bridge", "veth"; empty: a device
  std::string parent;  // of a VLAN
  std::optional<std::uint16_t> vlan;
  std::vector<model::InterfaceAddress> addresses;  // global ones
};

struct FoundRoute {
  model::Prefix destination;
  std::optional<model::Address> gateway;  // the first of several
  std::string link;
  bool kernels = false;  // made with an address
};

struct FoundNetwork {
  std::string name;
  std::string driver;
  std::string parent;                   // of macvlan and ipvlan
  std::string link;                     // of a bridge that was given a name
  std::optional<model::Prefix> subnet;  // the first of IPv4
};

struct Found {
  std::string asked;  // as it was named to us; empty: this host
  std::string name;   // its hostname
  std::vector<FoundLink> links;
  std::vector<FoundRoute> routes;  // of the main table
  bool docker = false;             // there is one, or was
  std::string bridge;  // one that Docker was told to use, and that is there; "none"; else empty
  std::optional<model::InterfaceAddress> bip;  // of it or docker0, else as Docker was told
  bool bip_said = false;                       // it stands in daemon.json or Docker's options
  std::vector<model::Prefix> address_pools;
  std::vector<FoundNetwork> networks;  // but Docker's own three
  std::vector<std::string> leftovers;  // what was found of an older way, a sentence each
  std::vector<std::string> unknown;    // what could not be read, and why, likewise
};

/// What is run on a host: a script for sh(1) that changes nothing. Of programs it needs ip(8).
std::string_view script();

/// What the script printed, in which anybody may have put anything. Throws kInvalid where it is cut
/// off, ip(8) did not answer, or there is more than any host has.
Found read_found(std::string_view said);

}  // namespace overland::init
