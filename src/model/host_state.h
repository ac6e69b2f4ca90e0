#pragma once
// The state of one host in everything overland owns: desired or actual, one type for both. Lists
// are sorted by their keys. What we find but never change stands apart, in HostFacts.

#include <algorithm>
#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "model/docker.h"
#include "model/finding.h"
#include "model/firewall.h"
#include "model/link.h"
#include "model/neighbour.h"
#include "model/network.h"
#include "model/route.h"
#include "model/sysctl.h"

namespace overland::model {

struct HostState {
  std::vector<Sysctl> sysctls;             // by key; actual: the value now of every key desired
  std::vector<Link> links;                 // by name
  std::vector<Neighbour> neighbours;       // of the tunnel, by address
  std::optional<FirewallPolicy> firewall;  // nullopt: nothing of ours
  std::vector<Route> routes;               // by destination and metric
  std::optional<DockerSettings> docker;    // nullopt: none of our business here
  std::vector<Network> networks;           // of Docker, those with our label; by name

  auto operator<=>(const HostState&) const = default;
};

/// A host as one look found it: its state, and what there is of it only when it is looked at.
struct Observed {
  HostState state;
  std::vector<std::string> defects = {};  // of the rules by which state.firewall is in force
  bool firewall_unread = false;           // state.firewall is not known: it is left alone
  bool daemon_json_unread = false;        // nor are state.docker's keys: likewise
  bool networks_unread = false;           // nor is state.networks: likewise
  bool restart_pending = false;           // the running dockerd has not read daemon.json
  std::vector<Finding> findings = {};     // of the whole look, those of the facts among them

  auto operator<=>(const Observed&) const = default;
};

/// What is true of the machine and not ours to change.
struct HostFacts {
  std::string hostname;
  std::vector<LinkFacts> links;
  DockerFacts docker;
  FirewallFacts firewall;
  bool no_ipvlan = false;  // the kernel has none; asked where it is needed
  bool no_vxlan = false;   // likewise
  std::string boot;        // random.boot_id of proc_sys_kernel(5); empty: not known
  Forwarding forwarding = Forwarding::kOff;
  std::vector<ForeignRoute> foreign_routes;  // only those that hold or shadow a desired destination
  std::vector<Diversion> diversions;         // of destinations to which our route stands
  std::vector<Finding> findings;             // filled in with the desired state: what does not fit
  std::vector<Address> on_link;  // next hops that a route, not an address of a link, makes on-link
  std::vector<Address> unreachable;  // next hops of desired routes, not on-link now; sorted
  std::vector<std::string> waiting_networks;  // desired ones that do not fit this machine now
  std::vector<std::string> broken_networks;   // of ours: the parent was gone under this dockerd
  std::vector<std::string> held_networks;     // of ours: they stay as they are for now
  // Of desired networks, by name; nullopt: not asked, or not known.
  std::optional<std::vector<MissingMembers>> missing_members;

  [[nodiscard]] bool has_link(const std::string& name) const {
    return std::ranges::find(links, name, &LinkFacts::name) != links.end();
  }
  auto operator<=>(const HostFacts&) const = default;
};

}  // namespace overland::model
